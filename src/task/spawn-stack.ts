import { attempt } from '../base/attempt.ts'

/** Where a task was spawned: its text is made only when it is read. */
export interface SpawnStack {
  readonly stack?: string
}

/** Remembers the stack of the caller, without the frames above and with `boundary`. */
export function captureSpawnStack(boundary: (...args: never[]) => unknown): SpawnStack {
  const captured: SpawnStack = {}
  Error.captureStackTrace(captured, boundary)
  return captured
}

/** Adds to the stack of an error where its task was spawned, if it is one whose stack can be written. */
export function addSpawnStack(error: unknown, label: string, { stack = '' }: SpawnStack): void {
  attempt(() => {
    const failed = error as Error
    if (typeof failed.stack !== 'string') return
    const frames = stack.slice(stack.indexOf('\n'))
    failed.stack = `${failed.stack}\n    spawned as ${label}:${frames}`
  })
}
