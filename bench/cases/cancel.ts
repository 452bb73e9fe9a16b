import { collectGarbage, warmUp } from '../compare.ts'
import { median, seededRandom, shuffled } from '../statistics.ts'
import { TaskManager } from '../taskscope.ts'
import type { CaseResult, Row } from '../types.ts'
import { many, range, slots, work } from '../workload.ts'

const small = many(50_000)
const large = many(100_000)

/** Half of what waits is cancelled, in random order; the time includes waiting for every `cancel` to resolve. */
export default async function cancel(rounds: number): Promise<CaseResult> {
  const rows: Row[] = []
  for (const random of [false, true]) {
    const times = { small: [] as number[], large: [] as number[] }
    for (let round = 0; round < warmUp + rounds; round++) {
      const figures = { small: await cancelHalf(small, random), large: await cancelHalf(large, random) }
      if (round < warmUp) continue
      times.small.push(figures.small)
      times.large.push(figures.large)
    }
    const label = random ? 'random priorities' : 'one priority'
    const growth = median(times.large.map((time, round) => time / (times.small[round] ?? Number.NaN)))
    rows.push(
      { label: `${label}: ${large / 2} of ${large}`, value: median(times.large), unit: 'µs per cancel', goal: 1.5 },
      { label: `${label}: ${small / 2} of ${small}`, value: median(times.small), unit: 'µs per cancel' },
      { label: `${label}: growth, 1 constant, 2 linear`, value: growth, unit: 'x', goal: 1.5 },
    )
  }
  return { title: 'cancel half of the pending tasks in random order', rows }
}

/** Microseconds per cancel. */
async function cancelHalf(tasks: number, randomPriorities: boolean): Promise<number> {
  const manager = await TaskManager.start(slots)
  manager.pause()
  const random = seededRandom(1)
  const handles = range(tasks).map(() => {
    return manager.spawn(work, randomPriorities ? { priority: Math.floor(random() * 1_000_000) } : {})
  })
  const victims = shuffled(handles).slice(0, tasks / 2)
  await collectGarbage()
  const start = performance.now()
  await Promise.all(victims.map(handle => handle.cancel()))
  const time = performance.now() - start
  await manager.close({ timeout: 0, pending: 'cancel' })
  return (time * 1_000) / victims.length
}
