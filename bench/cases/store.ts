import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { callInProcess } from '../process.ts'
import { median } from '../statistics.ts'
import { sqliteStore, TaskRunner } from '../taskscope.ts'
import type { CaseResult, Row } from '../types.ts'
import { many, slots, work } from '../workload.ts'

const tasks = many(100_000)

/** In a process of its own each. */
const most = 5

type Runner = Awaited<ReturnType<typeof TaskRunner.start>>

interface Measurement {
  /** Microseconds per completion, until the store has them all. */
  readonly time: number
  /** Milliseconds, 99th percentile. */
  readonly delay: number
}

/** Records kept in SQLite: how long a completion takes, and how long the event loop is held up. */
export default async function store(rounds: number): Promise<CaseResult> {
  const rows: Row[] = []
  for (const [label, way] of [
    ['no store', 'memory'],
    ['SQLite, started once durable', 'durable'],
    ['SQLite, durable: false', 'notDurable'],
  ] as const) {
    const taken: Measurement[] = []
    for (let round = 0; round < Math.min(rounds, most); round++)
      taken.push(await callInProcess<Measurement>(import.meta.url, way))
    const time = median(taken.map(one => one.time))
    const delay = median(taken.map(one => one.delay))
    const kept = way !== 'memory'
    rows.push({ label: `${label}: completions`, value: time, unit: 'µs each', ...(kept && { goal: 16.7 }) })
    rows.push({ label: `${label}: event-loop delay, p99`, value: delay, unit: 'ms', ...(kept && { goal: 10 }) })
  }
  return { title: `${tasks} tasks through a runner, records kept, a fresh process for each`, rows }
}

export const memory = () => measure({})
export const durable = () => inFolder(path => measure({ store: sqliteStore(path) }))
export const notDurable = () => inFolder(path => measure({ store: sqliteStore(path), durable: false }))

async function inFolder<T>(run: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'taskscope-bench-'))
  try {
    return await run(join(folder, 'tasks.db'))
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Submits as fast as the queue takes them, as a server under load would. */
async function measure(options: object): Promise<Measurement> {
  const runner = await TaskRunner.start({
    workers: slots,
    queueSize: 2_000,
    submitPolicy: 'wait',
    recover: 'fail',
    ...options,
  })
  await submit(runner, tasks / 10)
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  const start = performance.now()
  await submit(runner, tasks)
  await runner.flush()
  const milliseconds = performance.now() - start
  delays.disable()
  await runner.close()
  return { time: (milliseconds / tasks) * 1_000, delay: delays.percentile(99) / 1e6 }
}

async function submit(runner: Runner, count: number): Promise<void> {
  for (let submitted = 0; submitted < count; submitted++) {
    const { accepted } = runner.submit(work)
    if (submitted % 500 === 499) await accepted
  }
  await runner.drain()
}
