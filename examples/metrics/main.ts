import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { metricsText, Semaphore, TaskRunner } from '../../src/index.ts'

const PORT = Number(process.env.PORT ?? 9464)
if (!Number.isInteger(PORT) || PORT < 0 || PORT > 65_535) {
  console.error(`metrics: PORT must be a whole number from 0 to 65535, got "${process.env.PORT}"`)
  process.exit(2)
}

const runner = await TaskRunner.start({ name: 'thumbnails', workers: 3, submitPolicy: 'wait', onError() {} })
const disk = new Semaphore(2)

const server = createServer((request, response) => {
  if (request.url !== '/metrics') return response.writeHead(404).end()
  response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  response.end(metricsText(runner, { disk }))
})
server.on('error', error => {
  console.error(`metrics: ${error.message}`)
  process.exit(2)
})
server.listen(PORT, '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : PORT
  console.log(`metrics at http://127.0.0.1:${port}/metrics, Ctrl-C stops`)
})

const stopped = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())

/** Something to look at: work of varying length, some of which fails. */
while (!stopped.signal.aborted) {
  const handle = runner.submit(({ signal }) => disk.use(() => thumbnail(signal)), { retry: 1, name: 'thumbnail' })
  await handle.accepted.catch(() => {})
  await sleep(30 * Math.random(), undefined, { signal: stopped.signal }).catch(() => {})
}
server.close()
server.closeAllConnections()
await runner.shutdown()

async function thumbnail(signal: AbortSignal): Promise<void> {
  await sleep(100 * Math.random(), undefined, { signal })
  if (Math.random() < 0.1) throw new Error('not an image')
}
