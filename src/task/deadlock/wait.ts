import type { TaskStatus } from '../types.ts'

/**
 * How a task waits.
 * - `certain`: an operation by its own `yield*`, which can do nothing else meanwhile
 * - `await`: by `await` or a combinator, perhaps in the background or in a race with something else
 * - `listen`: by `then` with functions of its own, which may only want to hear of the end
 */
export type WaitKind = 'certain' | 'await' | 'listen'

/** A task that waits for others, or that others wait for. */
export interface Waiter {
  readonly label: string
  readonly status: TaskStatus
  readonly ended: boolean
  readonly updatedAt: number
  /** Set while it holds a slot. */
  readonly context: object | undefined
  readonly owner: SlotOwner
  readonly extras: WaitNotes | undefined
  /** The extras, made now if need be. */
  more(): WaitNotes
}

/** What is noted of a task that waits. */
export interface WaitNotes {
  waits: Set<Wait> | undefined
  /** When it last began or ended a wait, or spawned a task while it waited. */
  activeAt: number
}

/** Whose slots tasks hold and wait for. */
export interface SlotOwner {
  readonly deadlocks: {
    readonly after: number
    /** Its tasks that wait for others. */
    readonly waiting: ReadonlySet<Waiter>
    /** A wait of one of its tasks began or ended. */
    changed(waiter: Waiter): void
  }
  /** How many attempts hold a slot. */
  readonly slotsTaken: number
  /** Whether there is no slot left. */
  readonly full: boolean
}

let latest = 0

/** One wait of a task for the end of any one of some others. */
export class Wait {
  readonly waiter: Waiter
  readonly targets: Iterable<Waiter>
  readonly kind: WaitKind
  /** Later waits have higher ones. */
  readonly sequence: number
  readonly #reject: (error: unknown) => void

  private constructor(waiter: Waiter, targets: Iterable<Waiter>, kind: WaitKind, reject: (error: unknown) => void) {
    this.waiter = waiter
    this.targets = targets
    this.kind = kind
    this.sequence = latest += 1
    this.#reject = reject
  }

  /** Notes that `waiter` waits; `reject` is called if that could never end. */
  static begin(waiter: Waiter, targets: Iterable<Waiter>, kind: WaitKind, reject: (error: unknown) => void): Wait {
    const wait = new Wait(waiter, targets, kind, reject)
    const waits = (waiter.more().waits ??= new Set())
    waits.add(wait)
    waiter.owner.deadlocks.changed(waiter)
    return wait
  }

  /** It is over; nothing the second time. */
  end(): void {
    const { waiter } = this
    if (waiter.extras?.waits?.delete(this)) waiter.owner.deadlocks.changed(waiter)
  }

  /** It can never end: that is its end. */
  refuse(error: unknown): void {
    this.end()
    this.#reject(error)
  }
}

/** Whatever the task waited for, it has gone on: its attempt or the whole of it is over. */
export function forgetWaits(task: Waiter): void {
  const waits = task.extras?.waits
  if (waits === undefined) return
  waits.clear()
  task.owner.deadlocks.changed(task)
}
