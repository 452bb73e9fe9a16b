/** Something worth looking at in the inspector: `node main.ts [PORT]`, until Ctrl-C. */
import { setInterval as every } from 'node:timers/promises'
import { callLimit, rateLimit, resourceLimit, TaskManager, TaskRunner } from '../../src/index.ts'
import { inspect } from '../../src/inspector.ts'
import { task } from '../../src/worker.ts'
import { countPrimes, flaky, inSteps, reluctant, Translate } from './tasks.ts'

const PORT = 4600
const quiet = { onError() {}, logger: false } as const

const api = resourceLimit({ key: 'openai', capacity: 3 })
const tokens = rateLimit({ key: 'tokens', capacity: 10_000, per: 60_000 })
const runner = await TaskRunner.start({
  name: 'documents',
  workers: 8,
  queueSize: 500,
  stuckAfter: 60_000,
  tasks: [Translate],
  ...quiet,
})
const crawler = await TaskManager.start({
  name: 'crawler',
  maxTasks: 12,
  cleanupTimeout: 10_000,
  stuckAfter: 5_000,
  ...quiet,
})
const primes = task(countPrimes, {
  mode: 'thread',
  maxWorkers: 2,
  module: new URL('tasks.ts', import.meta.url),
  ...quiet,
})

const inspector = await inspect(
  { documents: runner, crawler, primes, tokens },
  { port: Number(process.argv[2] ?? PORT) },
).catch(error => {
  console.error(`inspector-demo: ${error.message}\nusage: inspector-demo [port]`)
  process.exit(2)
})
console.log(`open ${inspector.url}, and stop with Ctrl-C`)

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

const perHost = callLimit(5, 1_000)
crawler.spawn(reluctant, { name: 'index of the archive', type: 'index' })
crawler.spawn(({ signal, progress }) => inSteps({ signal, progress } as never, 900_000, 600, 'pages'), {
  name: 'crawl example.com',
  type: 'crawl',
})
const parent = crawler.spawn(
  async () => await crawler.spawn(context => inSteps(context, 240_000, 60), { name: 'download mirror list' }),
  {
    name: 'update mirrors',
  },
)
parent.catch(() => {})

let number = 0
try {
  for await (const _ of every(250, undefined, { signal: stop.signal })) {
    number += 1
    if (runner.stats().pending < 40) {
      runner.submit(context => inSteps(context, 1_000 + Math.random() * 6_000, 8), {
        name: `summarise report-${number}.pdf`,
        type: 'summary',
        limits: api,
        tags: ['reports'],
      })
      runner.submit(new Translate(number), { tags: ['night', `book ${Math.ceil(number / 40)}`] })
    }
    if (crawler.stats().pending < 20)
      crawler.spawn(context => flaky(context, 0.1), { name: `GET /items/${number}`, type: 'request', limits: perHost })
    if (number % 4 === 0 && primes.stats().pending < 4) primes(1_200_000).catch(() => {})
    tokens.tryAcquire({ tokens: Math.ceil(Math.random() * 40) })
  }
} catch {
  // Told to stop.
}
await Promise.all([runner.shutdown(), crawler.close({ timeout: 0 }), primes.stop()])
await inspector.close()
