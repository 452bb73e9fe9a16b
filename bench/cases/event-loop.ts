import { setTimeout as wait } from 'node:timers/promises'
import { Effect } from 'effect'
import { promise as fastq } from 'fastq'
import pLimit from 'p-limit'
import { type Contender, collectGarbage, warmUp } from '../compare.ts'
import { TaskManager } from '../taskscope.ts'
import type { CaseResult, Row } from '../types.ts'
import { many, range, slots, work } from '../workload.ts'

const tasks = many(300_000)

/** How late timers of 1 ms are, one after the other, while tasks run that are all ready. */
export default async function eventLoop(rounds: number): Promise<CaseResult> {
  const delays = contenders.map((): number[] => [])
  for (let round = 0; round < warmUp + rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      await contender.prepare?.()
      await collectGarbage()
      const late = await delaysDuring(() => contender.run())
      if (round >= warmUp) delays[index]?.push(...late)
    }
  }
  const rows = contenders.map(({ name, goal }, index): Row => {
    const row = { label: name, value: p99(delays[index] ?? []), unit: 'ms' }
    return goal === undefined ? row : { ...row, goal }
  })
  return { title: `${tasks} ready promise tasks, ${slots} slots: p99 delay of the event loop`, rows }
}

let manager: Awaited<ReturnType<typeof TaskManager.start>>

/** Each spawns everything in the call, and so before the first timer is set. */
const contenders: readonly (Contender & { readonly goal?: number })[] = [
  {
    name: 'taskscope',
    goal: 15,
    async prepare() {
      manager = await TaskManager.start(slots)
    },
    async run() {
      for (let count = 0; count < tasks; count++) manager.spawn(work)
      await manager.drain()
      await manager.close()
    },
  },
  {
    name: 'p-limit',
    run() {
      const limit = pLimit(slots)
      return Promise.all(range(tasks).map(() => limit(work)))
    },
  },
  {
    name: 'fastq, promise API',
    run() {
      const queue = fastq((task: typeof work) => task(), slots)
      for (let count = 0; count < tasks; count++) queue.push(work)
      return queue.drained()
    },
  },
  {
    name: 'Effect.forEach, discard',
    run: () =>
      Effect.runPromise(
        Effect.forEach(range(tasks), () => Effect.promise(work), { concurrency: slots, discard: true }),
      ),
  },
]

async function delaysDuring(run: () => Promise<unknown>): Promise<number[]> {
  const running = run()
  const delays: number[] = []
  let over = false
  let since = performance.now()
  const look = () => {
    const at = performance.now()
    delays.push(at - since - 1)
    since = at
    if (!over) setTimeout(look, 1)
  }
  setTimeout(look, 1)
  await running
  over = true
  // Where the loop was held up from start to end, the only timer is yet to fire.
  await wait(2)
  return delays
}

function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN
}
