import Tinypool from 'taskscope/compat/tinypool'
import { expect } from './core.js'

const filename = new URL('data:text/javascript,export default ({ a, b }) => a + b')
for (const runtime of ['worker_threads', 'child_process']) {
  const pool = new Tinypool({ filename, runtime, maxThreads: 1 })
  expect(`a pool of ${runtime}`, await pool.run({ a: 4, b: 6 }), 10)
  await pool.destroy()
}
console.log('pools work')
