import { TaskWorker, type TaskWorkerOptions } from '../../src/worker.ts'
import { autojump } from '../harness.ts'

/** Runs `body` in virtual time with a worker on this event loop; gives the milliseconds it took. */
export async function within(options: TaskWorkerOptions, body: (worker: TaskWorker) => Promise<void>): Promise<number> {
  const { elapsed } = await autojump(async () => {
    const worker = await TaskWorker.start({ logger: false, ...options })
    await body(worker)
    await worker.close({ timeout: 0 })
  })
  return elapsed
}
