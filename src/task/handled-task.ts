import type { Acceptance } from './acceptance.ts'
import type { AwaitedTask } from './cancel.ts'
import type { AttemptedTask } from './context/context.ts'
import type { RecordedTask } from './record.ts'
import type { SpawnSettings } from './spawn-settings.ts'
import type { TaskRecord } from './types.ts'

/** A task as its handle sees it. */
export type HandledTask = AttemptedTask &
  RecordedTask &
  AwaitedTask & {
    readonly settings: Pick<SpawnSettings, 'name'>
    readonly extras: { acceptance: Acceptance | undefined } | undefined
    readonly owner: { enqueue(task: HandledTask): void; prioritise(task: HandledTask, priority: number): void }
    readonly shared?: never
    failure(): unknown
  }

/** What one of several has of a task: it may end for this one before the task does. */
export interface SharedTask extends AwaitedTask {
  readonly shared: HandledTask
  readonly outcome: unknown
  accepted(): Promise<void>
  record(): TaskRecord
  failure(): unknown
}

/** The task itself. */
export function taskItself(task: HandledTask | SharedTask): HandledTask {
  return task.shared ?? (task as HandledTask)
}
