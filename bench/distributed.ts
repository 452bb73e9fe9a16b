import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import pg from 'pg'
import { compare, type Peer } from './compare.ts'
import { bullmq, type CallQueue, countingBullmq, type MakeQueue, taskscope } from './queues.ts'
import type { CaseResult, Row } from './types.ts'
import { many, range } from './workload.ts'

/** What one workload makes of a queue. */
interface Workload {
  readonly label: string
  readonly tasks: number
  /** What it is compared with. */
  readonly peer: MakeQueue
  run(queue: CallQueue): Promise<unknown>
}

const oneByOne: Workload = {
  label: 'one by one',
  tasks: many(250),
  peer: bullmq,
  run: queue => inTurn(queue, many(250)),
}
const workloads: Readonly<Record<string, readonly Workload[]>> = {
  Redis: [
    oneByOne,
    {
      label: '50 in flight',
      tasks: many(5_000),
      peer: bullmq,
      run: queue => Promise.all(range(50).map(() => inTurn(queue, many(100)))),
    },
    { label: '5,000 at once', tasks: many(5_000), peer: bullmq, run: queue => atOnce(queue, many(5_000)) },
  ],
  PostgreSQL: [
    oneByOne,
    { label: '1,000 at once', tasks: many(1_000), peer: countingBullmq, run: queue => atOnce(queue, many(1_000)) },
  ],
}

/** Calls that another process runs, through a server of this kind; no rows where none answers. */
export async function distributed(kind: string, url: string, rounds: number): Promise<CaseResult> {
  const rows: Row[] = []
  const title = `calls that a worker in another process runs, through ${kind}`
  if (!(await answers(url))) {
    const { host } = new URL(url)
    console.log(`\nno ${kind} at ${host}: its case is left out`)
    return { title, rows }
  }
  for (const { label, tasks, peer, run } of workloads[kind] ?? []) {
    const suffix = randomUUID().slice(0, 8)
    const ours = await taskscope(url, `bench-taskscope-${suffix}`)
    const theirs = await peer(url, `bench-bullmq-${suffix}`)
    const contender = (queue: CallQueue): Peer => ({
      name: queue.name,
      // With connections that are up: ours are closed when there is no call for a while.
      prepare: () => queue.call(0),
      run: () => run(queue),
      goal: 1.1,
    })
    try {
      for (const queue of [ours, theirs]) await run(queue)
      if (url.startsWith('postgres')) await analyze(url)
      const compared = await compare({ ours: contender(ours), peers: [contender(theirs)], tasks, rounds })
      rows.push(...compared.map(row => ({ ...row, label: `${label}: ${row.label}`, unit: 'µs per call' })))
    } finally {
      await Promise.all([ours.stop(), theirs.stop()])
    }
  }
  return { title, rows }
}

/** What is planned for tables as empty as they were is slow, for as long as nobody tells the server: three times, by luck. */
async function analyze(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('ANALYZE')
  await client.end()
}

async function atOnce(queue: CallQueue, calls: number): Promise<void> {
  await Promise.all(range(calls).map(value => queue.call(value)))
  await queue.settled?.()
}

async function inTurn(queue: CallQueue, calls: number): Promise<void> {
  for (let count = 0; count < calls; count++) await queue.call(count)
}

/** Whether a server listens there. */
async function answers(url: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) || (protocol.startsWith('redis') ? 6379 : 5432) })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(2_000) })
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
