import { expect, it } from 'vitest'
import { TaskWorker } from '../../src/worker.ts'

it.each([
  [
    'throws',
    () => {
      throw new Error('from onMessage')
    },
  ],
  [
    'rejects',
    async () => {
      throw new Error('from onMessage')
    },
  ],
])('an onMessage that %s is logged, and changes nothing for the call', async (_, fails) => {
  const logged: unknown[] = []
  const heard: unknown[] = []
  const worker = await TaskWorker.start({
    mode: 'thread',
    maxWorkers: 1,
    logger: {
      error: (error: unknown, message: string) => logged.push([(error as Error).message, message]),
    },
    onMessage: message => {
      heard.push(message)
      return fails()
    },
  })
  const say = worker.submit(() => {
    process.getBuiltinModule('node:worker_threads').parentPort?.postMessage('for my own ends')
    return 'mine'
  })
  expect(await say).toBe('mine')
  expect(await worker.submit((x: number) => x, 1)).toBe(1)
  await worker.stop()
  expect(heard).toEqual(['for my own ends'])
  expect(logged).toEqual([['from onMessage', 'onMessage threw']])
})

it('an onMessage that is no function is refused', async () => {
  await expect(TaskWorker.start({ mode: 'thread', onMessage: 'log' as never })).rejects.toThrow(TypeError)
  await expect(TaskWorker.start({ mode: 'thread', argv: 'a' as never })).rejects.toThrow(
    'argv must be an array of strings',
  )
})
