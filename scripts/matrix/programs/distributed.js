/** Calls through a Redis of its own, whose program must be installed. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from 'taskscope/bullmq'
import { task } from 'taskscope/worker'
import { expect } from './core.js'

const port = 20_000 + (process.pid % 10_000)
const folder = mkdtempSync(join(tmpdir(), 'taskscope-redis-'))
const redis = spawn('redis-server', ['--port', String(port), '--save', '', '--dir', folder], { stdio: 'ignore' })
const place = { queue: 'matrix', connection: `redis://127.0.0.1:${port}` }

function square(x) {
  return x * x
}

async function run() {
  const worker = await serve([square], { ...place, maxTasks: 2 })
  const elsewhere = task(square, { ...place, mode: 'distributed' })
  expect('calls through a queue', (await elsewhere.map([1, 2, 3]).toArray()).join(), '1,4,9')
  await elsewhere.stop()
  await worker.close()
  console.log('queues work')
}

try {
  await run()
} finally {
  redis.kill()
  rmSync(folder, { recursive: true })
}
