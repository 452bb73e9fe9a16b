import { task } from 'taskscope/worker'
import { expect } from './core.js'

/** @param tasks as `tasks.js` has them, those of some modes. */
export async function workers(tasks) {
  for (const [mode, { add, endless, double }] of Object.entries(tasks)) {
    expect(`a call in a ${mode}`, await add(2, 3), 5)
    expect(`a function by its source in a ${mode}`, await double(4), 8)
    const call = endless.with({ timeout: 100 })()
    expect(`a hot loop in a ${mode}`, (await call.catch(error => error)).code, 'ERR_TASK_TIMEOUT')
    expect(`its end in a ${mode}`, call.record().abandoned, false)
    await Promise.all([add.stop(), endless.stop(), double.stop()])
  }
  await lacksPeers()
  return 'workers work'
}

/** The mode distributed is loaded by its first call, in a bundle as well: it is there, and its peer is not. */
async function lacksPeers() {
  const elsewhere = task(x => x, { name: 'same', mode: 'distributed', queue: 'q', connection: 'redis://127.0.0.1:1' })
  const error = await elsewhere(1).catch(error => error)
  expect('the error of a peer that is missing', /npm install bullmq/.test(error.message), true)
  await elsewhere.stop()
}
