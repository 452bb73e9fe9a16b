import { type BaseTask, HashTask, SleepTask } from '../../src/index.ts'

const COUNT = 10

/** Every third would sleep for an hour if its timeout allowed it. */
export function demoTasks(): BaseTask<string>[] {
  return Array.from({ length: COUNT }, (_, n) => [
    new SleepTask(n % 3 === 2 ? { ms: 3_600_000, timeout: 700 } : { ms: 200 + 40 * n }),
    new HashTask({ text: `text number ${n}` }),
  ]).flat()
}
