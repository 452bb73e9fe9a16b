import { startTimer } from '../base/clock.ts'
import { duration, type Known, requiredOptions } from '../base/options.ts'
import { BaseTask, TASK_OPTIONS, type TaskOptions } from '../runner/base-task.ts'
import type { TaskContext } from '../task/types.ts'

/** How long a {@link SleepTask} sleeps. */
export interface SleepTaskOptions extends TaskOptions {
  /** Milliseconds; `Infinity` until it is cancelled. */
  readonly ms: number
}

const SLEEP_TASK_OPTIONS: Known<SleepTaskOptions> = { ...TASK_OPTIONS, ms: true }

/** Sleeps, and says so: `'slept for 500 ms'`. Wakes at once when it is cancelled. */
export class SleepTask extends BaseTask<string> {
  static readonly type = 'sleep'

  readonly type = SleepTask.type
  readonly ms: number

  constructor(options: SleepTaskOptions) {
    super(requiredOptions('options', options, SLEEP_TASK_OPTIONS))
    this.ms = duration('ms', options.ms)
  }

  async run({ signal }: TaskContext): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      const timer = startTimer(this.ms, resolve)
      signal.addEventListener('abort', () => {
        timer.cancel()
        reject(signal.reason)
      })
    })
    return `slept for ${this.ms} ms`
  }

  /** From what `JSON.stringify` made of one: JSON has no `Infinity`, and makes it `null`. */
  static fromJSON({
    ms,
    type: _,
    ...options
  }: Omit<SleepTaskOptions, 'ms'> & { readonly ms: number | null; readonly type?: string }): SleepTask {
    return new SleepTask({ ...options, ms: ms ?? Number.POSITIVE_INFINITY })
  }
}
