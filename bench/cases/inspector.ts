import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { collectGarbage } from '../compare.ts'
import { inspect, TaskRunner } from '../taskscope.ts'
import type { CaseResult, Row } from '../types.ts'
import { many, quick, work } from '../workload.ts'

const records = many(50_000)
/** Each task has three events: it is submitted, has started, is done. */
const tasksPerSecond = 334
const milliseconds = quick ? 200 : 2_000

/** Each has thousands of timers: a few tell its 99th percentile. */
const most = 4

/** How late timers of 1 ms are in a process whose history is full and that goes on, looked at or not. */
export default async function inspector(rounds: number): Promise<CaseResult> {
  const delays = contenders.map((): number[] => [])
  for (let round = 0; round <= Math.min(rounds, most); round++) {
    for (const [index, contender] of contenders.entries()) {
      const late = await delaysWith(contender)
      if (round > 0) delays[index]?.push(...late)
    }
  }
  const rows = contenders.map(({ name, goal }, index): Row => {
    const row = { label: name, value: p99(delays[index] ?? []), unit: 'ms' }
    return goal === undefined ? row : { ...row, goal }
  })
  return { title: `${records} records, 1,000 events a second: p99 delay of the event loop`, rows }
}

/** What a page does, in a thread of its own: reads the events, and searches where it is told to. */
const PAGE = `
  const { workerData: { url, searches } } = require('node:worker_threads')
  fetch(url + 'api/events').then(async ({ body }) => { for await (const _ of body); })
  const search = () => fetch(url + 'api/history?target=runner&name=no+such+name').then(found => found.text())
  if (searches) setInterval(search, 500)
`

interface Contender {
  readonly name: string
  readonly goal?: number
  readonly page?: { readonly searches: boolean }
}

const contenders: readonly Contender[] = [
  { name: 'without the inspector' },
  { name: 'with a page open', goal: 10, page: { searches: false } },
  { name: 'with a page that searches all of them twice a second', goal: 10, page: { searches: true } },
]

async function delaysWith({ page }: Contender): Promise<number[]> {
  const runner = await TaskRunner.start({ name: 'runner', history: records, queueSize: records, workers: 35 })
  for (let count = 0; count < records; count++) runner.submit(work, { name: `task of some name ${count}` })
  await runner.drain()
  const inspector = page === undefined ? undefined : await inspect({ runner })
  const reader = page && new Worker(PAGE, { eval: true, workerData: { url: inspector?.url, ...page } })
  if (reader !== undefined) await wait(100)
  await collectGarbage()
  const delays = await delaysDuring(runner)
  await reader?.terminate()
  await inspector?.close()
  await runner.close()
  return delays
}

async function delaysDuring(runner: Awaited<ReturnType<typeof TaskRunner.start>>): Promise<number[]> {
  const delays: number[] = []
  const end = performance.now() + milliseconds
  const begin = performance.now()
  let submitted = 0
  for (let since = begin; since < end; since = performance.now()) {
    const due = ((since - begin) * tasksPerSecond) / 1_000
    for (; submitted < due; submitted++) runner.submit(work)
    await wait(1)
    delays.push(performance.now() - since - 1)
  }
  return delays
}

function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN
}
