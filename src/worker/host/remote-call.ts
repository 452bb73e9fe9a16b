import { TaskCancelledError } from '../../errors.ts'
import { plainThrown } from '../../serialise/thrown.ts'
import { normaliseProgress } from '../../task/progress.ts'
import type { TaskContext, TaskProgress } from '../../task/types.ts'
import { runAsCurrent } from '../current-task.ts'
import { unpackValue } from '../functions/carry.ts'
import type { ResolvedFunction } from '../functions/resolve-function.ts'
import { postPacked } from './post-packed.ts'
import type { FromWorker, ToWorker } from './protocol.ts'
import type { Requests } from './requests.ts'
import type { Uplink } from './serve-calls.ts'

/** What `currentTask()` is inside a worker. */
export interface RemoteContext extends TaskContext {
  /** Asks something of the caller's side; rejects as it does. */
  request(what: unknown): Promise<unknown>
}

/** One call inside its worker: runs the function and sends back what becomes of it. */
export class RemoteCall implements RemoteContext {
  readonly id: number
  readonly name: string
  readonly attempt: number
  readonly #call: number
  readonly #fn: string
  readonly #uplink: Uplink
  readonly #requests: Requests
  readonly #over: () => void
  #args: unknown
  #ended = false
  #controller: AbortController | undefined
  #abort: { readonly reason: unknown } | undefined

  constructor(
    message: Extract<ToWorker, readonly ['call', ...unknown[]]>,
    fn: string,
    uplink: Uplink,
    requests: Requests,
    over: () => void,
  ) {
    const [, call, , , args, id, name, attempt] = message
    this.#call = call
    this.#args = args
    this.id = id
    this.name = name
    this.attempt = attempt
    this.#fn = fn
    this.#uplink = uplink
    this.#requests = requests
    this.#over = over
  }

  /** Most calls never read it, and a controller costs more than all the rest of a small call. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abort !== undefined) this.#controller.abort(this.#abort.reason)
    }
    return this.#controller.signal
  }

  progress(value: number | TaskProgress): void {
    const progress = normaliseProgress(value)
    if (!this.#ended) this.#uplink.post(['progress', this.#call, progress])
  }

  request(what: unknown): Promise<unknown> {
    // Nobody is there to answer, and a promise that never settles would be the worst of answers.
    if (this.#ended) return Promise.reject(new TaskCancelledError(`${this.#fn} is over, and can ask for nothing`))
    return this.#requests.ask(this.#call, this.#fn, what)
  }

  abort(reason: unknown): void {
    this.#abort = { reason }
    this.#controller?.abort(reason)
  }

  run(fn: ResolvedFunction): void {
    // It was told to stop before it began.
    if (this.#abort !== undefined) return this.fail(this.#abort.reason)
    try {
      const args = unpackValue(this.#args) as readonly unknown[]
      this.#args = undefined
      const returned = runAsCurrent(this, () => fn(...args))
      if (!isThenable(returned)) return this.#succeed(returned)
      Promise.resolve(returned).then(
        result => this.#succeed(result),
        error => this.fail(error),
      )
    } catch (error) {
      this.fail(error)
    }
  }

  fail(error: unknown): void {
    this.#end()
    this.#fail(error)
  }

  #fail(error: unknown): void {
    if (this.#abort !== undefined && error === this.#abort.reason) return this.#uplink.post(['stopped', this.#call])
    this.#uplink.post(['failure', this.#call, plainThrown(error, this.#uplink.carry)])
  }

  #succeed(result: unknown): void {
    this.#end()
    try {
      postPacked(
        this.#uplink,
        result,
        { of: 'result', name: this.#fn, to: this.#uplink.kind },
        (data): FromWorker => ['result', this.#call, data],
      )
    } catch (error) {
      this.#fail(error)
    }
  }

  #end(): void {
    this.#ended = true
    this.#over()
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}
