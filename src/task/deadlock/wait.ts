import type { Task } from '../task.ts'

/**
 * How a task waits.
 * - `certain`: an operation by its own `yield*`, which can do nothing else meanwhile
 * - `await`: by `await` or a combinator, perhaps in the background or in a race with something else
 * - `listen`: by `then` with functions of its own, which may only want to hear of the end
 */
export type WaitKind = 'certain' | 'await' | 'listen'

let latest = 0

/** One wait of a task for the end of any one of some others. */
export class Wait {
  readonly waiter: Task
  readonly targets: Iterable<Task>
  readonly kind: WaitKind
  /** Later waits have higher ones. */
  readonly sequence: number
  readonly #reject: (error: unknown) => void

  private constructor(waiter: Task, targets: Iterable<Task>, kind: WaitKind, reject: (error: unknown) => void) {
    this.waiter = waiter
    this.targets = targets
    this.kind = kind
    this.sequence = latest += 1
    this.#reject = reject
  }

  /** Notes that `waiter` waits; `reject` is called if that could never end. */
  static begin(waiter: Task, targets: Iterable<Task>, kind: WaitKind, reject: (error: unknown) => void): Wait {
    const wait = new Wait(waiter, targets, kind, reject)
    const waits = (waiter.more().waits ??= new Set())
    waits.add(wait)
    waiter.owner.deadlocks.changed(waiter)
    return wait
  }

  /** It is over; nothing the second time. */
  end(): void {
    const { waiter } = this
    if (waiter.waits?.delete(this)) waiter.owner.deadlocks.changed(waiter)
  }

  /** It can never end: that is its end. */
  refuse(error: unknown): void {
    this.end()
    this.#reject(error)
  }
}

/** Whatever the task waited for, it has gone on: its attempt or the whole of it is over. */
export function forgetWaits(task: Task): void {
  if (task.waits === undefined) return
  task.waits.clear()
  task.owner.deadlocks.changed(task)
}
