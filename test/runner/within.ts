import { TaskRunner, type TaskRunnerOptions } from '../../src/index.ts'
import { autojump } from '../harness.ts'

/** Runs `body` in virtual time with a runner; gives the milliseconds it took. */
export async function within(options: TaskRunnerOptions, body: (runner: TaskRunner) => Promise<void>): Promise<number> {
  const { elapsed } = await autojump(async () => body(await TaskRunner.start({ logger: false, ...options })))
  return elapsed
}
