import { TaskManager, type TaskManagerOptions } from '../../src/index.ts'
import { autojump } from '../harness.ts'

/** Runs `body` in virtual time with a manager; gives the milliseconds it took. */
export async function within(
  options: TaskManagerOptions,
  body: (manager: TaskManager) => Promise<void>,
): Promise<number> {
  const { elapsed } = await autojump(async () => body(await TaskManager.start({ logger: false, ...options })))
  return elapsed
}
