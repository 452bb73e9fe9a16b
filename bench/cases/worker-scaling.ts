import { timed } from '../compare.ts'
import { type Pool, piscina, taskscope, tinypool } from '../pools.ts'
import { median } from '../statistics.ts'
import type { CaseResult, Row } from '../types.ts'
import { quick, range } from '../workload.ts'

const calls = 16
const depth = quick ? 20 : 30

/** What a second worker is worth where the work keeps a core busy, and what a pool costs to start and to stop. */
export default async function workerScaling(rounds: number): Promise<CaseResult> {
  const rows: Row[] = []
  for (const [label, make, runtime] of [
    ['thread: taskscope', taskscope, 'thread'],
    ['thread: piscina', piscina, 'thread'],
    ['process: taskscope', taskscope, 'process'],
    ['process: tinypool', tinypool, 'process'],
  ] as const) {
    const one = await busy(() => make(1, runtime), rounds)
    const two = await busy(() => make(2, runtime), rounds)
    rows.push({ label: `${label}, 1 worker`, value: one, unit: 'ms' })
    rows.push({ label: `${label}, 2 workers, ratio to 1`, value: two, unit: 'ms', ratio: two / one })
    rows.push({
      label: `${label}, start, call, stop`,
      value: await startAndStop(() => make(1, runtime), rounds),
      unit: 'ms',
    })
  }
  return { title: `${calls} calls that keep a core busy, and start-up`, rows }
}

async function busy(make: () => Pool, rounds: number): Promise<number> {
  const pool = make()
  const times: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const time = await timed(() => Promise.all(range(calls).map(() => pool.call('fibonacci', depth))))
    if (round > 0) times.push(time)
  }
  await pool.stop()
  return median(times)
}

async function startAndStop(make: () => Pool, rounds: number): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds * 2; round++) {
    times.push(
      await timed(async () => {
        const pool = make()
        await pool.call('echo', 1)
        await pool.stop()
      }),
    )
  }
  return median(times)
}
