/** Has no types of Node, nor those of the newest JavaScript. */
import { type TaskHandle, TaskManager, TaskRunner } from 'taskscope'
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

main().catch((error: unknown) => {
  throw error
})
