import pLimit from 'p-limit'
import { timed } from '../compare.ts'
import { callInProcess } from '../process.ts'
import { median } from '../statistics.ts'
import { TaskManager } from '../taskscope.ts'
import type { CaseResult, Row } from '../types.ts'
import { many, quick, range, slots, work } from '../workload.ts'

const few = many(100_000)
const most = many(1_000_000)

type Contender = 'taskscopeDrained' | 'taskscopeAwaited' | 'pLimitDrained' | 'pLimitAwaited'

/** Microseconds per task for few and many tasks, and the most memory the process ever held, in MB. */
interface Measurement {
  readonly few: number
  readonly many: number
  readonly memory: number
}

/** Every contender has fresh processes of its own, because a process only tells its peak memory once. */
export default async function millionTasks(rounds: number): Promise<CaseResult> {
  const processes = quick ? 1 : Math.min(rounds, 3)
  const taken: Record<Contender, Measurement[]> = {
    taskscopeDrained: [],
    pLimitDrained: [],
    taskscopeAwaited: [],
    pLimitAwaited: [],
  }
  const contenders = Object.keys(taken) as Contender[]
  for (let round = 0; round < processes; round++) {
    for (const contender of contenders) {
      taken[contender].push(await callInProcess<Measurement>(import.meta.url, contender))
    }
  }
  const middle = (contender: Contender, key: keyof Measurement) => median(taken[contender].map(one => one[key]))
  const rows = (label: string, ours: Contender, peer: Contender): Row[] => [
    { label: `${label}: taskscope, ${few}`, value: middle(ours, 'few'), unit: 'µs per task' },
    {
      label: `${label}: taskscope, ${most}, ratio to ${few}`,
      value: middle(ours, 'many'),
      unit: 'µs per task',
      ratio: median(taken[ours].map(one => one.many / one.few)),
      goal: 1.2,
    },
    {
      label: `${label}: p-limit, ${most}`,
      value: middle(peer, 'many'),
      unit: 'µs per task',
      ratio: middle(ours, 'many') / middle(peer, 'many'),
    },
    { label: `${label}: taskscope, peak memory`, value: middle(ours, 'memory'), unit: 'MB' },
    {
      label: `${label}: p-limit, peak memory`,
      value: middle(peer, 'memory'),
      unit: 'MB',
      ratio: middle(ours, 'memory') / middle(peer, 'memory'),
      goal: 0.5,
    },
  ]
  return {
    title: `${most} promise tasks, ${slots} slots, a fresh process for each`,
    rows: [
      ...rows('drained', 'taskscopeDrained', 'pLimitDrained'),
      ...rows('all awaited', 'taskscopeAwaited', 'pLimitAwaited'),
    ],
  }
}

export function taskscopeDrained(): Promise<Measurement> {
  return measure(async tasks => {
    const manager = await TaskManager.start(slots)
    for (let count = 0; count < tasks; count++) manager.spawn(work)
    await manager.drain()
    await manager.close()
  })
}

export function taskscopeAwaited(): Promise<Measurement> {
  return measure(async tasks => {
    const manager = await TaskManager.start(slots)
    await Promise.all(range(tasks).map(() => manager.spawn(work)))
    await manager.close()
  })
}

export function pLimitDrained(): Promise<Measurement> {
  return measure(
    tasks =>
      new Promise<void>(resolve => {
        const limit = pLimit(slots)
        let left = tasks
        async function counted() {
          await null
          left--
          if (left === 0) resolve()
        }
        for (let count = 0; count < tasks; count++) limit(counted)
      }),
  )
}

export function pLimitAwaited(): Promise<Measurement> {
  return measure(tasks => {
    const limit = pLimit(slots)
    return Promise.all(range(tasks).map(() => limit(work)))
  })
}

async function measure(run: (tasks: number) => Promise<unknown>): Promise<Measurement> {
  await run(few)
  const times: number[] = []
  for (let round = 0; round < 5; round++) times.push(await timed(() => run(few)))
  const time = await timed(() => run(most))
  const memory = process.resourceUsage().maxRSS / 1_000
  return { few: (median(times) * 1_000) / few, many: (time * 1_000) / most, memory }
}
