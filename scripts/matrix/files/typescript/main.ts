/** Has no types of Node, nor those of the newest JavaScript. */
import { type TaskHandle, TaskManager, TaskRunner } from 'taskscope'
import { Mutex } from 'taskscope/compat/async-mutex'
import fastq from 'taskscope/compat/fastq'
import pLimit from 'taskscope/compat/p-limit'
import pMap from 'taskscope/compat/p-map'
import PQueue from 'taskscope/compat/p-queue'
import pRetry from 'taskscope/compat/p-retry'
import Tinypool from 'taskscope/compat/tinypool'
import { type TaskFunction, task } from 'taskscope/worker'

async function main(): Promise<void> {
  const manager = await TaskManager.start({ maxTasks: 2 })
  const handle: TaskHandle<string> = manager.spawn(async ({ name, signal }) => (signal.aborted ? '' : name), {
    name: 'named',
  })
  const squares: number[] = await manager.map([1, 2, 3], async x => x * x).toArray()
  const add: TaskFunction<readonly [a: number, b: number], number> = task((a: number, b: number) => a + b)
  const sum: number = await add(1, 2)
  const runner = await TaskRunner.start()
  console.log((await handle).length + squares.length + sum, runner.stats().done)
  await Promise.all([manager.close(), add.stop(), runner.close()])
}

/** The declarations of the faces have none of Node's types either. */
export async function faces(): Promise<number[]> {
  const pool = new Tinypool({ filename: 'worker.js' })
  pool.on('drain', () => {})
  const double = async (x: number): Promise<number> => 2 * x
  const queued: number = await new PQueue({ concurrency: 1 }).add(() => double(1))
  const locked: number = await new Mutex().runExclusive(() => double(2))
  const retried: number = await pRetry(() => double(3))
  const mapped: number[] = await pMap([4], double)
  const limited: number = await pLimit(1)(double, 5)
  const pushed: number = await fastq.promise(double, 1).push(6)
  return [queued, locked, retried, ...mapped, limited, pushed]
}

main().catch((error: unknown) => {
  throw error
})
