import { currentTask } from './current.ts'
import type { StopRequest } from './stop.ts'
import type { TaskStatus } from './types.ts'

/** A task that others wait for. */
export interface AwaitedTask {
  readonly status: TaskStatus
  readonly ended: boolean
  observed: boolean
  readonly context: object | undefined
  readonly extras: Listeners | undefined
  /** The task itself, if this is what one of several has of it. */
  readonly shared?: object
  more(): Listeners
  stop(request: StopRequest): void
}

/** Who waits for a task. */
export interface Listeners {
  /** Told when the task has ended: see {@link watch}. */
  watchers: Set<() => void> | undefined
  /** Told when its work has stopped. */
  stopWaiters: (() => void)[] | undefined
}

/** See {@link TaskHandle.cancel}. A task that cancels itself can't wait for its own end. */
export function cancelTask(task: AwaitedTask, reason?: unknown): Promise<boolean> {
  const hadEnded = task.ended
  task.stop({ kind: 'cancel', reason })
  const cancelled = () => !hadEnded && task.status !== 'done'
  if ((currentTask.getStore() as unknown) === (task.shared ?? task)) return Promise.resolve(cancelled())
  return new Promise(resolve => whenStopped(task, () => resolve(cancelled())))
}

/** Calls `tell` once the work of a task that was told to stop has stopped, or was given up; at once if it has. */
export function whenStopped(task: AwaitedTask, tell: () => void): void {
  if (task.context === undefined) return tell()
  const extras = task.more()
  extras.stopWaiters ??= []
  extras.stopWaiters.push(tell)
}

/** The work has stopped, or was given up: tells those who cancelled it. */
export function tellStopped({ extras }: Pick<AwaitedTask, 'extras'>): void {
  if (extras?.stopWaiters === undefined) return
  const waiters = extras.stopWaiters
  extras.stopWaiters = undefined
  for (const tell of waiters) tell()
}

const nothing = () => {}

/**
 * Calls `tell` once when the task has ended, at once if it has. Returns what calls that off: unlike a reaction to a
 * promise it then leaves nothing behind, however long the task goes on. Counts as looking at the outcome, unless the watch
 * is a `quiet` one.
 */
export function watch(task: AwaitedTask, tell: () => void, quiet = false): () => void {
  if (!quiet) task.observed = true
  if (task.ended) {
    tell()
    return nothing
  }
  const extras = task.more()
  const entry = () => tell()
  const watchers = (extras.watchers ??= new Set())
  watchers.add(entry)
  return () => {
    watchers.delete(entry)
  }
}
