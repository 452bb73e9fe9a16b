import { compare, type Peer } from '../compare.ts'
import { type Pool, piscina, taskscope, tinypool, workerPool } from '../pools.ts'
import type { CaseResult, Row } from '../types.ts'
import { many, range } from '../workload.ts'

const megabyte = 1_000_000
const calls = many(2_000)
const few = many(50)
const runtimes = [
  { runtime: 'thread', peers: [piscina, tinypool, workerPool], goals: { piscina: 1 } },
  { runtime: 'process', peers: [tinypool, workerPool], goals: { tinypool: 1 } },
] as const

/** What one workload makes of a pool. */
interface Workload {
  readonly label: string
  readonly workers: number
  readonly tasks: number
  readonly threadsOnly?: boolean
  /** How often the peers do it with processes, where it takes them a hundred times as long. */
  readonly slowInProcesses?: number
  run(pool: Pool): Promise<unknown>
}

const workloads: readonly Workload[] = [
  { label: 'round trip, 1 worker', workers: 1, tasks: calls, run: pool => oneByOne(pool, calls) },
  {
    label: 'round trips, 2 workers',
    workers: 2,
    tasks: 2 * calls,
    run: pool => Promise.all([oneByOne(pool, calls), oneByOne(pool, calls)]),
  },
  {
    label: '10,000 at once, 2 workers',
    workers: 2,
    tasks: 5 * calls,
    run: pool => Promise.all(range(5 * calls).map(value => pool.call('echo', value))),
  },
  {
    label: '1 MB copied, 1 worker',
    workers: 1,
    tasks: few,
    slowInProcesses: 2,
    async run(pool) {
      for (let count = 0; count < few; count++) await pool.call('length', new Uint8Array(megabyte))
    },
  },
  {
    label: '1 MB moved, 1 worker',
    workers: 1,
    tasks: 4 * few,
    threadsOnly: true,
    async run(pool) {
      for (let count = 0; count < 4 * few; count++) await pool.move('length', new Uint8Array(megabyte))
    },
  },
]

/** Calls in pools that are up and have run before; starting them is a case of its own. */
export default async function workers(rounds: number): Promise<CaseResult> {
  const rows: Row[] = []
  for (const { runtime, peers, goals } of runtimes) {
    for (const { label, workers, tasks, threadsOnly, slowInProcesses, run } of workloads) {
      if (threadsOnly && runtime !== 'thread') continue
      const pools = [taskscope, ...peers].map(make => make(workers, runtime))
      const [ours, ...others] = pools.map(pool => contender(pool, run, goals)) as [Peer, ...Peer[]]
      const seldom = runtime === 'process' && slowInProcesses !== undefined && { rounds: slowInProcesses }
      const compared = await compare({ ours, peers: others.map(peer => ({ ...peer, ...seldom })), tasks, rounds })
      rows.push(...compared.map(row => ({ ...row, label: `${runtime}, ${label}: ${row.label}` })))
      await Promise.all(pools.map(pool => pool.stop()))
    }
  }
  return { title: 'calls of small functions in pools of threads and processes', rows }
}

function contender(pool: Pool, run: Workload['run'], goals: Readonly<Record<string, number>>): Peer {
  const { name } = pool
  const goal = goals[name]
  return { name, run: () => run(pool), ...(goal !== undefined && { goal }) }
}

async function oneByOne(pool: Pool, calls: number): Promise<void> {
  for (let count = 0; count < calls; count++) await pool.call('echo', count)
}
