import { BaseTask, type TaskContext } from '../../src/index.ts'
import { delay } from '../work.ts'

/** A task that a store can run again: returns `n` doubled after so many milliseconds. */
export class CountingTask extends BaseTask<number> {
  static runs: number[] = []

  readonly type = 'counting'
  readonly n: number
  readonly ms: number

  constructor(n: number, ms = 0) {
    super()
    this.n = n
    this.ms = ms
  }

  async run({ signal }: TaskContext): Promise<number> {
    CountingTask.runs.push(this.n)
    if (this.ms > 0) await delay(this.ms)
    signal.throwIfAborted()
    return this.n * 2
  }

  static fromJSON({ n, ms }: { n: number; ms: number }): CountingTask {
    return new CountingTask(n, ms)
  }
}
