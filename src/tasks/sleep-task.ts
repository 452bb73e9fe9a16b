import { startTimer } from '../clock.ts'
import { duration, requiredObject } from '../options.ts'
import { BaseTask, type TaskOptions } from '../runner/base-task.ts'
import type { TaskContext } from '../task/types.ts'

/** How long a {@link SleepTask} sleeps. */
export interface SleepTaskOptions extends TaskOptions {
  /** Milliseconds; `Infinity` until it is cancelled. */
  readonly ms: number
}

/** Sleeps, and says so: `'slept for 500 ms'`. Wakes at once when it is cancelled. */
export class SleepTask extends BaseTask<string> {
  static readonly type = 'sleep'

  readonly type = SleepTask.type
  readonly ms: number

  constructor(options: SleepTaskOptions) {
    super(requiredObject('options', options))
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

  /** JSON has no `Infinity`, and makes it `null`. */
  static fromJSON({ ms, ...options }: Omit<SleepTaskOptions, 'ms'> & { readonly ms: number | null }): SleepTask {
    return new SleepTask({ ...options, ms: ms ?? Number.POSITIVE_INFINITY })
  }
}
