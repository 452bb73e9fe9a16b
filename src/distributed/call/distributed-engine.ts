import { ManagerClosedError, WorkerCrashedError } from '../../base/errors.ts'
import { string } from '../../base/options.ts'
import { AttemptContext } from '../../task/context/context.ts'
import type { TaskContext } from '../../task/types.ts'
import type { Engine, EngineCallOptions, PreparedCall } from '../../worker/engine/engine.ts'
import { LimitsServer } from '../../worker/engine/limits-server.ts'
import { assertMayStartWorker } from '../../worker/functions/nesting.ts'
import { type ReferenceOptions, referTo } from '../../worker/functions/refer-to.ts'
import { type AnyFunction, unwrapped } from '../../worker/functions/registry.ts'
import { getBuiltinModule } from '../../worker/node.ts'
import { type DistributedSettings, nameOnServer } from '../options.ts'
import { shownText } from '../protocol/kept-text.ts'
import { encode } from '../protocol/payload.ts'
import type { JobData } from '../protocol/protocol.ts'
import type { QueueClient } from './queue-client.ts'
import type { CallRequest } from './queued-call.ts'

/** Runs calls on other machines, through a queue: the mode distributed. */
export class DistributedEngine implements Engine {
  readonly immediate = false
  readonly #settings: DistributedSettings
  readonly #module: ReferenceOptions['module']
  readonly #log: (error: unknown, message: string) => void
  #client: QueueClient | undefined
  #stopped = false
  readonly #requests = new Set<CallRequest>()
  #active = 0
  #dispatched = 0
  #crashed = 0

  constructor(
    settings: DistributedSettings,
    module: ReferenceOptions['module'],
    log: (error: unknown, message: string) => void,
  ) {
    this.#settings = settings
    this.#module = module
    this.#log = log
  }

  carry(): never {
    throw new TypeError(
      'messages cannot be sent to a call on another machine: pass it where to find them, as a queue or a URL',
    )
  }

  prepare(fn: AnyFunction, name?: string, options: EngineCallOptions = {}): PreparedCall {
    assertMayStartWorker()
    const known = this.#nameOf(fn, name)
    return (args, task) => this.#call(known, args, task, options)
  }

  /** How workers know the function; a module makes sure that no two of it go by the same name. */
  #nameOf(fn: AnyFunction, name = unwrapped(fn).name): string {
    if (this.#module !== undefined) return nameOnServer('name', referTo(fn, { module: this.#module, name }).name)
    if (nameOnServer('name', name) !== '') return name
    throw new TypeError(
      "workers elsewhere can't find an anonymous function: name it, or pass its `name` in the options",
    )
  }

  async #call(fn: string, args: readonly unknown[], task: TaskContext, options: EngineCallOptions): Promise<unknown> {
    const encoded = encode(args, { of: 'arguments', name: fn }, this.#settings.maxBytes)
    const { id, name, attempt, signal, progress } = task
    const limited = AttemptContext.isLimited(task)
    const member = limited ? task.permit.member : undefined
    let started = AttemptContext.postpone(task)
    const { timeout = Number.POSITIVE_INFINITY, priority = 0 } = options
    const key = keyOf(fn, encoded, args, options)
    const origin = AttemptContext.carrierOf(task)
    const data: JobData = {
      args: encoded,
      task: [id, attempt],
      ...(name !== fn && { name: shownText(name) }),
      ...(timeout !== Number.POSITIVE_INFINITY && { timeout }),
      ...(limited && { limited: true }),
      ...(member !== undefined && { member }),
      ...(origin !== undefined && { origin }),
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
      onAbandoned: () => AttemptContext.giveUp(task),
      onRequest: what => (server ?? NO_LIMITS).answer(what),
    }
    try {
      this.#requests.add(request)
      const client = this.#client ?? (await this.#open())
      return await client.call(request)
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

  /** What speaks to queues is loaded for the first call: most programs have none. */
  async #open(): Promise<QueueClient> {
    const { clientOf } = await import('./queue-clients.ts')
    if (this.#stopped) throw new ManagerClosedError('the worker was stopped before the call was on its way')
    return (this.#client ??= clientOf(this.#settings, this.#log))
  }

  queue() {
    return { name: this.#settings.queue, calls: this.#requests.size }
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

  async stop(): Promise<void> {
    this.#stopped = true
    const client = this.#client
    this.#client = undefined
    if (client === undefined) return
    // What its manager has given up may never be heard of.
    client.drop(this.#requests)
    const { leaveClient } = await import('./queue-clients.ts')
    await leaveClient(client)
  }
}

/** For calls that have nothing to ask for. */
const NO_LIMITS = {
  async answer(): Promise<never> {
    throw new TypeError('the task has no limits to acquire')
  },
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
