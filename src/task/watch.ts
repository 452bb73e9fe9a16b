import type { Task } from './task.ts'

const nothing = () => {}

/**
 * Calls `tell` once when the task has ended, at once if it has. Returns what calls that off: unlike a reaction to a
 * promise it then leaves nothing behind, however long the task goes on. Counts as looking at the outcome, unless the watch
 * is a `quiet` one.
 */
export function watch(task: Task, tell: () => void, quiet = false): () => void {
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
