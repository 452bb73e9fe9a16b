import { parentPort } from 'node:worker_threads'
import { count } from './worker-functions.mjs'

/** What one would write by hand: 64 items a message, and no more on the way than the other side has asked for. */
const BATCH = 64

parentPort?.on('message', async ({ to, ahead, port }) => {
  let credits = ahead
  let wake = () => {}
  port.on('message', more => {
    credits += more
    wake()
  })
  let batch = []
  for await (const item of count(to)) {
    batch.push(item)
    if (batch.length < BATCH) continue
    while (credits < BATCH) await new Promise(resolve => (wake = resolve))
    credits -= BATCH
    port.postMessage(batch)
    batch = []
  }
  port.postMessage(batch)
  port.close()
})
