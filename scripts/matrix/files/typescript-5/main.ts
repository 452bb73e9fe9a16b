import { type TaskHandle, TaskManager, TaskTimeoutError } from 'taskscope'
import { type TaskFunction, task } from 'taskscope/worker'

async function main(): Promise<void> {
  const manager = await TaskManager.start()
  const handle: TaskHandle<number> = manager.spawn(async ({ id }) => id)
  const add: TaskFunction<readonly [a: number, b: number], number> = task((a: number, b: number) => a + b)
  const late = manager.spawn(
    ({ signal }) => new Promise<void>(resolve => signal.addEventListener('abort', () => resolve())),
    {
      timeout: 5,
    },
  )
  if (!((await late.catch((error: unknown) => error)) instanceof TaskTimeoutError)) throw new Error('no timeout')
  if ((await handle) + (await add(1, 2)) !== 4) throw new Error('a wrong sum')
  await Promise.all([manager.close(), add.stop()])
}

main()
