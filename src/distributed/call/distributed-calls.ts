import { timeOfDay } from '../../base/clock.ts'
import { ManagerClosedError, WorkerCrashedError } from '../../base/errors.ts'
import { string } from '../../base/options.ts'
import { ConnectionReport } from '../../connection/connection-report.ts'
import type { ItemSink } from '../../streams/credits.ts'
import { AttemptContext } from '../../task/context/context.ts'
import { traceJoin } from '../../task/run-trace.ts'
import type { TaskContext } from '../../task/types.ts'
import type { EngineCallOptions, QueueCounts } from '../../worker/engine/engine.ts'
import { LimitsServer } from '../../worker/engine/limits-server.ts'
import { getBuiltinModule } from '../../worker/node.ts'
import type { DistributedSettings } from '../options.ts'
import { shownText } from '../protocol/kept-text.ts'
import { encode } from '../protocol/payload.ts'
import type { JobData } from '../protocol/protocol.ts'
import { QueueClient } from './queue-client.ts'
import type { CallRequest } from './queued-call.ts'

/** The calls of one worker in the mode distributed. */
export class DistributedCalls {
  readonly #settings: DistributedSettings
  readonly #log: (error: unknown, message: string) => void
  #client: QueueClient | undefined
  #stopped = false
  readonly #requests = new Set<CallRequest>()
  #active = 0
  #dispatched = 0
  #crashed = 0

  constructor(settings: DistributedSettings, log: (error: unknown, message: string) => void) {
    this.#settings = settings
    this.#log = log
  }

  /** How many are on their way. */
  get size(): number {
    return this.#requests.size
  }

  async call(
    fn: string,
    args: readonly unknown[],
    task: TaskContext,
    options: EngineCallOptions,
    sink: ItemSink | undefined,
  ): Promise<unknown> {
    const encoded = encode(args, { of: 'arguments', name: fn }, this.#settings.maxBytes)
    const { id, name, attempt, signal, progress } = task
    const limited = AttemptContext.isLimited(task)
    const member = limited ? task.permit.member : undefined
    let started = AttemptContext.postpone(task)
    const { timeout = Number.POSITIVE_INFINITY, priority = 0 } = options
    const key = keyOf(fn, encoded, args, options)
    const notBefore = attempt === 1 ? notBeforeOf(options) : undefined
    const origin = AttemptContext.carrierOf(task)
    const data: JobData = {
      args: encoded,
      task: [id, attempt],
      ...(name !== fn && { name: shownText(name) }),
      ...(timeout !== Number.POSITIVE_INFINITY && { timeout }),
      ...(limited && { limited: true }),
      ...(member !== undefined && { member }),
      ...(origin !== undefined && { origin }),
      ...(sink !== undefined && { stream: true }),
      ...(options.cache !== undefined && { cache: [key as string, options.cache.ttl] }),
    }
    const server = limited ? new LimitsServer(task) : undefined
    let active = false
    let dispatched = false
    const request: CallRequest = {
      fn,
      data,
      priority,
      ...(key !== undefined && { key }),
      ...(notBefore !== undefined && { notBefore }),
      ...(sink !== undefined && { sink }),
      maxBytes: this.#settings.maxBytes,
      signal,
      onStart: () => {
        active = true
        this.#active += 1
        if (!dispatched) this.#dispatched += 1
        dispatched = true
        started()
      },
      onReturn: () => {
        active = false
        this.#active -= 1
        started = AttemptContext.postpone(task)
      },
      onProgress: progress,
      // Nobody asks the server for it unless it is to be told.
      ...(origin !== undefined && { onJoined: other => traceJoin(task, other) }),
      onAbandoned: () => AttemptContext.giveUp(task),
      onRequest: what => (server ?? NO_LIMITS).answer(what),
    }
    try {
      this.#requests.add(request)
      return await this.#open().call(request)
    } catch (error) {
      if (error instanceof WorkerCrashedError) this.#crashed += 1
      throw error
    } finally {
      this.#requests.delete(request)
      server?.close()
      if (active) this.#active -= 1
      // It may have run although the news of that were lost.
      else if (!signal.aborted) started()
    }
  }

  #open(): QueueClient {
    if (this.#stopped) throw new ManagerClosedError('the worker was stopped before the call was on its way')
    return (this.#client ??= clientOf(this.#settings, this.#log))
  }

  stats() {
    return {
      workers: this.#client?.presence.count ?? 0,
      active: this.#active,
      dispatched: this.#dispatched,
      crashed: this.#crashed,
      recycled: 0,
    }
  }

  /** How many jobs the queue has; nothing while no call has a connection to it. */
  counts(): Promise<QueueCounts | undefined> | undefined {
    return this.#client?.counts()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const client = this.#client
    this.#client = undefined
    if (client === undefined) return
    // What its manager has given up may never be heard of.
    client.drop(this.#requests)
    await leaveClient(client)
  }
}

/** For calls that have nothing to ask for. */
const NO_LIMITS = {
  async answer(): Promise<never> {
    throw new TypeError('the task has no limits to acquire')
  },
}

function notBeforeOf({ delay, at }: EngineCallOptions): number | undefined {
  if (at !== undefined) return at.getTime()
  return delay === undefined || delay === 0 ? undefined : timeOfDay() + delay
}

/** A short name for what makes two calls of a function the same. */
function keyOf(
  fn: string,
  encoded: string,
  args: readonly unknown[],
  { key, cache }: EngineCallOptions,
): string | undefined {
  if (key === undefined && cache === undefined) return undefined
  const same =
    key === undefined ? encoded : `k${typeof key === 'function' ? string('key', key(...(args as never[]))) : key}`
  const { createHash } = getBuiltinModule('node:crypto')
  return createHash('sha256').update(`${fn}\n${same}`).digest('base64url')
}

interface Shared {
  readonly client: QueueClient
  users: number
}

/** All callers in this process of one queue share its connections: by the server and then by the queue. */
const clients = new Map<unknown, Map<string, Shared>>()

function clientOf(settings: DistributedSettings, log: (error: unknown, message: string) => void): QueueClient {
  const { server, queue, prefix, connectTimeout } = settings
  const ofServer = clients.get(server.identity) ?? new Map<string, Shared>()
  clients.set(server.identity, ofServer)
  const key = JSON.stringify([queue, prefix, connectTimeout])
  let shared = ofServer.get(key)
  if (shared === undefined) {
    const report = new ConnectionReport(`the queue ${queue} on ${server.label}`, log)
    shared = { client: new QueueClient(settings, report), users: 0 }
    ofServer.set(key, shared)
  }
  shared.users += 1
  return shared.client
}

/** One of its users has no more calls; the last one closes it. */
async function leaveClient(client: QueueClient): Promise<void> {
  for (const [identity, ofServer] of clients) {
    for (const [key, shared] of ofServer) {
      if (shared.client !== client) continue
      shared.users -= 1
      if (shared.users > 0) return
      ofServer.delete(key)
      if (ofServer.size === 0) clients.delete(identity)
      return client.close()
    }
  }
}
