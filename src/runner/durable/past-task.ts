import { timeOfDay } from '../../base/clock.ts'
import type { Keys } from '../../scheduler/entry/keys.ts'
import type { Listeners } from '../../task/cancel.ts'
import { TaskPromise } from '../../task/handle.ts'
import type { HandledTask, SharedTask } from '../../task/handled-task.ts'
import type { TaskRecord } from '../../task/types.ts'
import { recordedOutcome } from '../records.ts'

/** Has the key of a task that an earlier process ended count for as long as that said, however the clock was set since. */
export function keepKey(keys: Keys, record: TaskRecord): void {
  const { id, key, keyUntil = 0, endedAt = 0 } = record
  if (key === undefined) return
  keys.keep(key, id, Math.min(keyUntil - timeOfDay(), keyUntil - endedAt), () => new TaskPromise(new PastTask(record)))
}

/** A task of an earlier process for those who join it: there is nothing left of it but its record. */
class PastTask implements SharedTask {
  readonly #record: TaskRecord
  readonly shared: HandledTask
  readonly status: 'done' | 'failed'
  readonly ended = true
  readonly context = undefined
  readonly extras = undefined
  readonly outcome: unknown
  observed = true

  constructor(record: TaskRecord) {
    this.#record = record
    const { id, name, priority } = record
    // As far as a handle asks for the task itself once that has ended.
    const owner = { prioritise() {} }
    this.shared = { id, name, label: name, priority, settings: { name }, ended: true, owner } as unknown as HandledTask
    try {
      this.outcome = recordedOutcome(record)
      this.status = 'done'
    } catch (error) {
      this.outcome = error
      this.status = 'failed'
    }
  }

  failure(): unknown {
    return this.outcome
  }

  accepted(): Promise<void> {
    return Promise.resolve()
  }

  record(): TaskRecord {
    return this.#record
  }

  stop(): void {}

  more(): Listeners {
    return { watchers: undefined, stopWaiters: undefined }
  }
}
