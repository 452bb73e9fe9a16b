import { startTimer } from '../../base/clock.ts'
import type { FunctionReference } from '../../worker/functions/refer-to.ts'
import { transfer } from '../../worker/functions/transfer.ts'
import type { Host, HostCall, HostCallOptions, HostExit, StartOptions } from '../../worker/messages/host.ts'
import { startProcessHost } from '../../worker/parent/process-host.ts'
import { startThreadHost } from '../../worker/parent/thread-host.ts'
import { kValue, MOVABLE } from './movable.ts'
import { urlOf } from './options.ts'
import type { FilledOptions, TinypoolChannel } from './types.ts'

/** What runs inside, as text: a bundler or a minifier would put something of its own into functions. */
function inside(name: string, source: string): FunctionReference {
  return { kind: 'source', name, source }
}

/** Before anything of the module runs, which may look at it. That it can't be imported is for its tasks to say. */
const SET_UP = inside(
  'tinypool set-up',
  `async (state, url) => {
    process.__tinypool_state__ = state
    if (url !== null) await import(url).catch(() => {})
  }`,
)

const RUN = inside(
  'tinypool task',
  `async (filename, url, name, task) => {
    const module = await import(url)
    let handler = (typeof module.default !== 'function' && module.default) || module
    if (typeof handler !== 'function') handler = await handler[name]
    if (typeof handler !== 'function') throw new Error('No handler function "' + name + '" exported from "' + filename + '"')
    const result = await handler(task)
    const moved = typeof result === 'object' && result !== null && result[Symbol.for(${JSON.stringify(MOVABLE.description)})] === true
    return moved ? result[Symbol.for(${JSON.stringify((kValue as symbol).description)})] : result
  }`,
)

const DELIVER = inside('tinypool message', 'message => void process.emit("message", message)')

const NO_TASK = { id: 0, name: 'tinypool', attempt: 1 }
/** Milliseconds for `teardown`. */
const TEARDOWN = 10_000

/** A task, as a worker gets it, with what of it is moved. */
export function callOf(filename: string, name: string, task: unknown, moved: readonly object[]): HostCall {
  const args = [filename, urlOf(filename), name, task]
  return { function: RUN, args: moved.length === 0 ? args : transfer(args, moved), task: { ...NO_TASK, name } }
}

/** What a call of a pool may have beside. */
export interface RunCallOptions extends HostCallOptions {
  readonly channel?: TinypoolChannel | undefined
}

/** What its pool knows of a worker. */
interface Surroundings {
  readonly options: FilledOptions
  /** From 1 to `maxThreads`; given again once the worker is gone. */
  readonly workerId: number
  /** Hears of what belongs to no task. */
  readonly onError: (error: unknown) => void
}

/** A worker that knows what tinypool's workers know. */
export class WorkerOfPool implements Host {
  readonly ready: Promise<void>
  readonly exited: Promise<HostExit>
  readonly #host: Host
  readonly #surroundings: Surroundings
  #channel: TinypoolChannel | undefined
  #isReady = false
  #stopping: Promise<void> | undefined

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
    const { options, workerId, onError } = surroundings
    const start = options.runtime === 'child_process' ? startProcessHost : startThreadHost
    this.#host = start({
      ...startOptions(options, workerId),
      onMessage: message => this.#said(message),
      onLateError: onError,
    })
    const { workerData, filename } = options
    const kind = options.runtime === 'child_process' ? { isChildProcess: true } : { isWorkerThread: true }
    const state = { ...kind, isTinypoolWorker: true, workerData, workerId }
    const prepared = this.#call(SET_UP, [state, filename === null ? null : urlOf(filename)])
    this.ready = Promise.all([this.#host.ready, prepared]).then(() => {
      this.#isReady = true
    })
    this.ready.catch(() => {})
    this.exited = this.#host.exited
    void this.exited.then(() => this.#tell(this.#channel?.onClose))
  }

  get id(): number {
    return this.#host.id
  }

  get active(): number {
    return this.#host.active
  }

  get closed(): boolean {
    return this.#stopping !== undefined || this.#host.closed
  }

  get doubtful(): boolean {
    return this.#host.doubtful
  }

  call(call: HostCall, options: RunCallOptions): Promise<unknown> {
    if (options.channel !== undefined) this.#connect(options.channel)
    return this.#host.call(call, options)
  }

  memory(): Promise<number> {
    return this.#host.memory()
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop())
  }

  async #stop(): Promise<void> {
    const { teardown, filename } = this.#surroundings.options
    if (teardown !== undefined && filename !== null && this.#isReady && this.active === 0 && !this.#host.closed)
      await this.#tearDown(filename, teardown)
    await this.#host.stop()
  }

  async #tearDown(filename: string, name: string): Promise<void> {
    const late = new AbortController()
    const timer = startTimer(TEARDOWN, () => late.abort(new Error(`${name} did not end within ${TEARDOWN} ms`)))
    try {
      await this.#call(RUN, [filename, urlOf(filename), name, {}], late.signal)
    } catch (error) {
      this.#surroundings.onError(error)
    } finally {
      timer.cancel()
    }
  }

  #connect(channel: TinypoolChannel): void {
    if (channel === this.#channel) return
    this.#tell(this.#channel?.onClose)
    this.#channel = channel
    this.#tell(channel.onMessage, (message: unknown) => {
      if (channel === this.#channel) this.#call(DELIVER, [message]).catch(this.#surroundings.onError)
    })
  }

  #said(message: unknown): void {
    this.#tell(this.#channel?.postMessage, message)
  }

  /** Whatever a channel does changes nothing for the worker. */
  #tell<A extends readonly unknown[]>(listener: ((...args: A) => void) | undefined, ...args: A): void {
    try {
      if (listener !== undefined) Reflect.apply(listener, this.#channel, args)
    } catch (error) {
      this.#surroundings.onError(error)
    }
  }

  #call(fn: FunctionReference, args: readonly unknown[], signal = new AbortController().signal): Promise<unknown> {
    const quiet = { signal, cleanupTimeout: 0, onProgress: () => {}, onRequest: async () => {} }
    return this.#host.call({ function: fn, args, task: NO_TASK }, quiet)
  }
}

function startOptions(options: FilledOptions, workerId: number): StartOptions {
  const { env, argv, execArgv, resourceLimits, runtime } = options
  const id = runtime === 'child_process' ? { TINYPOOL_WORKER_ID: String(workerId) } : {}
  return {
    env: { ...env, ...id },
    inheritEnv: env === undefined,
    ...(argv !== undefined && { argv }),
    ...(execArgv !== undefined && { execArgv }),
    ...(resourceLimits !== undefined && { resourceLimits }),
  }
}
