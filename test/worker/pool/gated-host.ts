import { WorkerCrashedError } from '../../../src/base/errors.ts'
import type { Host, HostCall, HostCallOptions, HostExit } from '../../../src/worker/messages/host.ts'

interface GatedCall {
  readonly call: HostCall
  readonly options: HostCallOptions
  readonly outcome: PromiseWithResolvers<unknown>
}

/**
 * A host whose every step the test takes: when it is ready, when its calls end, when it crashes. Real ones take their own
 * time, so that no order of events could be tried with them on purpose.
 */
export class GatedHost implements Host {
  readonly id: number
  closed = false
  bytes = 0
  readonly calls: GatedCall[] = []
  /** The calls it was ever given. */
  readonly taken: number[] = []
  readonly #ready = Promise.withResolvers<void>()
  readonly #exited = Promise.withResolvers<HostExit>()
  readonly ready = this.#ready.promise
  readonly exited = this.#exited.promise
  #started = false
  gone = false

  constructor(id: number) {
    this.id = id
    this.ready.catch(() => {})
  }

  get active(): number {
    return this.calls.length
  }

  get doubtful(): boolean {
    return this.calls.some(({ options }) => options.signal.aborted)
  }

  get starting(): boolean {
    return !this.#started && !this.gone
  }

  start(): void {
    this.#started = true
    this.#ready.resolve()
  }

  call(call: HostCall, options: HostCallOptions): Promise<unknown> {
    if (this.closed) throw new Error('the pool used a host that is closed')
    const outcome = Promise.withResolvers<unknown>()
    this.taken.push(call.task.id)
    this.calls.push({ call, options, outcome })
    return outcome.promise
  }

  /** The oldest call ends. */
  finish(value: unknown = undefined): void {
    this.calls.shift()?.outcome.resolve(value)
  }

  fail(error: unknown): void {
    this.calls.shift()?.outcome.reject(error)
  }

  /** As when a call was aborted and did not stop. */
  endFor(reason: unknown): void {
    this.#end({ exitCode: 1, signal: null, requested: true }, reason)
  }

  crash(error: unknown = new Error('out of memory')): void {
    this.#end({ exitCode: 9, signal: null, requested: false, error })
  }

  async memory(): Promise<number> {
    return this.bytes
  }

  async stop(): Promise<void> {
    this.closed = true
    this.#end({ exitCode: 1, signal: null, requested: true })
    await this.exited
  }

  #end(exit: HostExit, reason?: unknown): void {
    if (this.gone) return
    this.closed = this.gone = true
    const crash = new WorkerCrashedError('it ended', exit.exitCode, exit.signal)
    for (const { outcome } of this.calls.splice(0)) outcome.reject(reason ?? crash)
    this.#ready.reject(crash)
    this.#exited.resolve(exit)
  }
}
