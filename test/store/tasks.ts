import type { StoredTask } from '../../src/store/types.ts'

/** A task as a store gets it: pending, with all that one may have. */
export function pendingTask(id: number, changes: Partial<StoredTask> = {}): StoredTask {
  return {
    id,
    name: `resize photo ${id}`,
    type: 'image',
    status: 'pending',
    createdAt: 1_700_000_000_000 + id,
    updatedAt: 1_700_000_000_000 + id,
    record: JSON.stringify({ id, attempts: [] }),
    job: JSON.stringify({ file: `${id}.jpg` }),
    ...changes,
  }
}

/** One that has ended, at so many milliseconds, and has no job any more. */
export function endedTask(id: number, endedAt: number, changes: Partial<StoredTask> = {}): StoredTask {
  const { job: _, ...task } = pendingTask(id, { status: 'done', updatedAt: endedAt, ...changes })
  return { ...task, endedAt }
}

export function idsOf(tasks: readonly StoredTask[]): number[] {
  return tasks.map(task => task.id)
}
