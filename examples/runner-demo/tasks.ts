import { type BaseTask, HashTask, SleepTask } from '../../src/index.ts'

const COUNT = 10
const TIMEOUT = 700

/** Every third sleeps for longer than its timeout allows. */
export function demoTasks(): BaseTask<string>[] {
  return Array.from({ length: COUNT }, (_, n) => [
    new SleepTask({ ms: n % 3 === 2 ? 1_500 : 200 + 40 * n, timeout: TIMEOUT }),
    new HashTask({ text: `text number ${n}` }),
  ]).flat()
}
