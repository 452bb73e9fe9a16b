const { TaskManager, TaskTimeoutError } = require('taskscope')
const { task } = require('taskscope/worker')

test('manages tasks', async () => {
  const manager = await TaskManager.start()
  expect(await manager.map([1, 2, 3], x => x * x).toArray()).toEqual([1, 4, 9])
  const late = manager.spawn(({ signal }) => new Promise(resolve => signal.addEventListener('abort', resolve)), {
    timeout: 5,
  })
  await expect(late).rejects.toThrow(TaskTimeoutError)
  await manager.close()
})

test.each(['async', 'thread', 'process'])('runs functions in the mode %s', async mode => {
  const square = task(x => x * x, { mode, maxWorkers: 1 })
  expect(await square(3)).toBe(9)
  await square.stop()
})

test('finds functions by their module', async () => {
  const { add } = require('./tasks.cjs')
  expect(await add(2, 3)).toBe(5)
  await add.stop()
})
