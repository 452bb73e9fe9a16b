const { TaskManager } = require('taskscope')
const { insideWorker, task } = require('taskscope/worker')

const add = task(
  function add(first, second) {
    return insideWorker() ? first + second : Number.NaN
  },
  { mode: 'process', maxWorkers: 1, module: __filename },
)

// At the top level, where CommonJS has no `await`.
const manager = TaskManager.startSync(2)

async function main() {
  const { expect } = await import('./core.js')
  expect('a task', await manager.spawn(async () => 1), 1)
  expect('a call', await add(2, 3), 5)
  await Promise.all([manager.close(), add.stop()])
}

if (!insideWorker()) main()
