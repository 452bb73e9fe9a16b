/** A worker in a process of its own: `queue-worker.ts <library> <url> <queue>`. Says when it is ready; ends with its parent. */
import { Worker } from 'bullmq'
import { backendOf, connectionOf } from './queues.ts'

const concurrency = 35
const [library, url = '', queue = ''] = process.argv.slice(2)

const close = library === 'bullmq' ? await bullmq() : await taskscope()
process.once('disconnect', () => void close())
process.send?.('ready')

async function bullmq(): Promise<() => Promise<unknown>> {
  const options = { connection: connectionOf(url), concurrency }
  const worker = new Worker(queue, async ({ data }) => data, options, backendOf(url))
  await worker.waitUntilReady()
  return () => worker.close()
}

async function taskscope(): Promise<() => Promise<unknown>> {
  const built = new URL('../dist/bullmq.js', import.meta.url).href
  const { serve } = (await import(built)) as typeof import('../src/bullmq.ts')
  const echo = (value: number) => value
  const service = await serve([echo], { connection: url, queue, maxTasks: concurrency })
  return () => service.close()
}
