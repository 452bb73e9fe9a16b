import { startTimer, type Timer } from '../../base/clock.ts'
import { duration } from '../../base/options.ts'
import { captureContext } from '../../base/platform.ts'
import { denseList } from '../../serialize/arrived.ts'
import { revivedThrown } from '../../serialize/thrown.ts'
import { unpackValue } from '../functions/carry.ts'
import { errorClasses } from '../functions/error-classes.ts'
import { assertMayStartWorker } from '../functions/nesting.ts'
import { callable } from '../functions/outside-error.ts'
import type { Host, HostCall, HostCallOptions, HostExit, MessagingWorker, StartOptions } from '../messages/host.ts'
import type { Link, LinkListener } from '../messages/link.ts'
import { fromWorker, setupMessage } from '../messages/protocol.ts'
import { Arrivals } from './arrivals.ts'
import { callCrashed, startFailed, workerGone } from './crash.ts'
import { WorkerCalls } from './worker-calls.ts'

const START_TIMEOUT = 10_000
const STOP_TIMEOUT = 1_000
const STOPPED = 'it was stopped'
const ENDING: HostExit = { exitCode: null, signal: null, requested: true }

/** What a worker says belongs to no task: in the context of the one that started it, that one's would be kept alive. */
const OUTSIDE = captureContext()

/** This side of a worker, thread or process alike: which calls it has and what becomes of them. */
export class WorkerHost implements Host {
  readonly ready: Promise<void>
  readonly exited: Promise<HostExit>
  readonly #link: Link
  readonly #hold: KeepAlive
  readonly #calls: WorkerCalls
  readonly #arrivals: Arrivals
  readonly #memory: PromiseWithResolvers<number>[] = []
  readonly #ready = Promise.withResolvers<void>()
  readonly #exited = Promise.withResolvers<HostExit>()
  readonly #startTimer: Timer
  readonly #drained = Promise.withResolvers<void>()
  #starting = true
  /** How often it will say that it is ready: when it is loaded, and when it is set up. */
  #toCome: number
  /** This side ended it for a fault of its own: it was not ready in time, or what it said can't be understood. */
  #failed = false
  /** Why this side ended it. */
  #endedBecause: string | undefined
  #uncaught: { readonly error: unknown } | undefined
  readonly #options: StartOptions
  #exit: HostExit | undefined

  constructor(start: (listener: LinkListener) => Link, options: StartOptions) {
    const limit = duration('startTimeout', options.startTimeout ?? START_TIMEOUT)
    this.ready = this.#ready.promise
    this.exited = this.#exited.promise
    assertMayStartWorker()
    // Callers hear of it by their calls, and a pool that makes none need not listen.
    this.ready.catch(() => {})
    this.#options = options
    const listener: LinkListener = {
      message: message => this.#message(message),
      spoiled: error => this.#spoiled(error),
      exited: exit => this.#ended(exit),
    }
    this.#link = OUTSIDE.runInAsyncScope(start, undefined, listener)
    this.#hold = new KeepAlive(this.#link)
    this.#calls = new WorkerCalls(
      this.#link,
      () => this.#holdOrNot(),
      name => this.#end(`a call of ${callable(name)} did not stop when it was told to`),
    )
    this.#arrivals = new Arrivals(this.#link, () => this.#holdOrNot())
    const setup = setupMessage(options, this.#link.kind)
    this.#toCome = setup === undefined ? 1 : 2
    // Before any call.
    if (setup !== undefined) this.#link.post(setup)
    this.#startTimer = startTimer(limit, () => this.#tooLate(limit))
  }

  get id(): number {
    return this.#link.id
  }

  get active(): number {
    return this.#calls.size
  }

  get closed(): boolean {
    return this.#endedBecause !== undefined || this.#exit !== undefined
  }

  get doubtful(): boolean {
    return this.#calls.stopping > 0
  }

  call(call: HostCall, options: HostCallOptions): Promise<unknown> {
    if (options.signal.aborted) return Promise.reject(options.signal.reason)
    if (this.closed) return Promise.reject(this.#crashOf(call.function.name, this.#exit ?? ENDING))
    return this.#calls.start(call, options)
  }

  memory(): Promise<number> {
    if (this.#exit !== undefined) return Promise.reject(workerGone(this.#exit))
    const asked = Promise.withResolvers<number>()
    this.#memory.push(asked)
    this.#holdOrNot()
    this.#link.post(['memory'])
    return asked.promise
  }

  async stop(): Promise<void> {
    if (this.closed || this.#starting || this.active > 0) this.#end(STOPPED)
    else await this.#endInOrder()
    await this.exited
    await this.#drained.promise
  }

  /** It runs its `teardown` and its exit handlers. */
  async #endInOrder(): Promise<void> {
    this.#endedBecause = STOPPED
    this.#holdOrNot()
    this.#link.post(['stop'])
    const limit = startTimer(this.#options.stopTimeout ?? STOP_TIMEOUT, () => this.#link.end())
    await this.exited
    limit.cancel()
  }

  /** Never throws: nobody would catch it. Nothing is believed of a worker that has said what can't be understood. */
  #message(message: unknown): void {
    if (this.#failed) return
    try {
      this.#act(message)
    } catch (error) {
      this.#spoiled(error)
    }
  }

  #act(received: unknown): void {
    const message = fromWorker(received)
    switch (message[0]) {
      case 'result': {
        if (this.#calls.get(message[1]) === undefined) return
        const result = unpackValue(message[2])
        return this.#calls.take(message[1])?.outcome.resolve(result)
      }
      case 'failure': {
        if (this.#calls.get(message[1]) === undefined) return
        const error = revivedThrown(message[2], errorClasses())
        return this.#calls.take(message[1])?.outcome.reject(error)
      }
      case 'stopped': {
        const call = this.#calls.take(message[1])
        return call?.outcome.reject(call.options.signal.reason)
      }
      case 'progress':
        return this.#calls.get(message[1])?.options.onProgress(message[2])
      case 'items':
        return this.#calls.get(message[1])?.put(denseList(unpackValue(message[2]), 'the items of a stream'))
      case 'request':
        return void this.#calls.get(message[1])?.answer(message[2], message[3])
      case 'memory':
        this.#memory.shift()?.resolve(message[1])
        return this.#holdOrNot()
      case 'noisy':
        return this.#arrivals.noisy()
      case 'quiet':
        return void this.#arrivals.quiet(message[1], message[2])
      case 'ready':
        this.#toCome -= 1
        return this.#toCome === 0 ? this.#started() : undefined
      case 'uncaught':
        this.#uncaught = { error: revivedThrown(message[1], errorClasses()) }
        return
      case 'said':
        return this.#options.onMessage?.(message[1], this.#identity)
      case 'late':
        return this.#options.onLateError?.(revivedThrown(message[1], errorClasses()), this.#identity)
    }
  }

  get #identity(): MessagingWorker {
    return { kind: this.#link.kind, id: this.#link.id }
  }

  #spoiled(error: unknown): void {
    this.#failed = true
    this.#uncaught = { error }
    this.#end(`it sent what can't be understood: ${error instanceof Error ? error.message : String(error)}`)
  }

  #started(): void {
    this.#starting = false
    this.#startTimer.cancel()
    this.#ready.resolve()
    this.#holdOrNot()
  }

  #tooLate(limit: number): void {
    this.#failed = true
    this.#end(`it was not ready after ${limit} ms (startTimeout)`)
  }

  /** Until it is ready, while it has calls and until it is gone once it is told to go, this process waits for it. */
  #holdOrNot(): void {
    const awaited = this.#calls.size > 0 || this.#memory.length > 0
    const changing = this.#starting || this.#endedBecause !== undefined
    this.#hold.want(this.#arrivals.awaited || (this.#exit === undefined && (awaited || changing)))
  }

  #end(because: string): void {
    if (this.closed) return
    this.#endedBecause = because
    this.#holdOrNot()
    this.#link.end()
  }

  #ended(exit: Omit<HostExit, 'requested'>): void {
    const whole: HostExit = {
      ...exit,
      ...this.#uncaught,
      requested: this.#endedBecause !== undefined && !this.#failed,
    }
    this.#exit = whole
    this.#startTimer.cancel()
    this.#calls.rejectAll(name => this.#crashOf(name, whole))
    for (const asked of this.#memory.splice(0)) asked.reject(workerGone(whole))
    if (this.#starting) this.#ready.reject(startFailed(this.#link.kind, whole, this.#endedBecause))
    this.#exited.resolve(whole)
    this.#drained.resolve(this.#arrivals.drain())
  }

  #crashOf(name: string, exit: HostExit): Error {
    if (this.#starting) return startFailed(this.#link.kind, exit, this.#endedBecause)
    return callCrashed(name, this.#link.kind, exit, this.#endedBecause)
  }
}

/**
 * Whether a worker keeps this process alive: at once when that is wanted, no more a little after it is not.
 *
 * What a worker process wrote before it answered lies in the pipes by then, and a turn of the event loop reads it. It
 * also spares callers who call again at once the changing back and forth.
 */
class KeepAlive {
  readonly #link: { hold(alive: boolean): void }
  #wanted = true
  #held = true
  #releasing = false

  constructor(link: { hold(alive: boolean): void }) {
    this.#link = link
  }

  want(alive: boolean): void {
    this.#wanted = alive
    if (alive && !this.#held) this.#set(true)
    if (alive || !this.#held || this.#releasing) return
    this.#releasing = true
    setImmediate(() => setImmediate(() => this.#release()))
  }

  #release(): void {
    this.#releasing = false
    if (!this.#wanted) this.#set(false)
  }

  #set(held: boolean): void {
    this.#held = held
    this.#link.hold(held)
  }
}
