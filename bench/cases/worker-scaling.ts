import { compare, type Peer, timed } from '../compare.ts'
import { type MakePool, type Pool, piscina, type Runtime, taskscope, tinypool } from '../pools.ts'
import { median } from '../statistics.ts'
import type { CaseResult, Row } from '../types.ts'
import { quick, range } from '../workload.ts'

const calls = 16
const depth = quick ? 20 : 30
const starts = quick ? 1 : 3

/** What a second worker is worth where the work keeps a core busy, and what a pool costs to start and to stop. */
export default async function workerScaling(rounds: number): Promise<CaseResult> {
  const rows: Row[] = []
  for (const [runtime, others] of [
    ['thread', [piscina, tinypool]],
    ['process', [tinypool]],
  ] as const) {
    for (const make of [taskscope, others[0]]) {
      const [one, two] = [await busy(make(1, runtime), rounds), await busy(make(2, runtime), rounds)]
      const label = `${runtime}: ${make.name}`
      rows.push({ label: `${label}, 1 worker`, value: one, unit: 'ms' })
      rows.push({ label: `${label}, 2 workers, ratio to 1`, value: two, unit: 'ms', ratio: two / one })
    }
    const peers = others.map(make => ({ ...startAndStop(make, runtime), goal: 1.1 }))
    const ours = startAndStop(taskscope, runtime)
    const compared = await compare({ ours, peers, tasks: starts, rounds, unit: 'µs each' })
    rows.push(...compared.map(row => ({ ...row, label: `${runtime}, start, call, stop: ${row.label}` })))
  }
  return { title: `${calls} calls that keep a core busy, and start-up`, rows }
}

async function busy(pool: Pool, rounds: number): Promise<number> {
  const times: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const time = await timed(() => Promise.all(range(calls).map(() => pool.call('fibonacci', depth))))
    if (round > 0) times.push(time)
  }
  await pool.stop()
  return median(times)
}

function startAndStop(make: MakePool, runtime: Runtime): Peer {
  return {
    name: make.name,
    async run() {
      for (let start = 0; start < starts; start++) {
        const pool = make(1, runtime)
        await pool.call('echo', 1)
        await pool.stop()
      }
    },
  }
}
