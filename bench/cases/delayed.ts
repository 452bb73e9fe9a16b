import { compare } from '../compare.ts'
import { TaskManager } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { many, slots, work } from '../workload.ts'

const tasks = many(100_000)

/** Due within a few milliseconds, which pass while they are spawned: the heap is what is measured, and no wait. */
const delayOf = (count: number) => 1 + ((count * 7) % 10)

export default async function delayed(rounds: number): Promise<CaseResult> {
  const rows = await compare({ ours, peers, tasks, rounds })
  return { title: `spawn ${tasks} promise tasks that are due later, ${slots} slots, and drain`, rows }
}

const ours = {
  name: 'taskscope, delay',
  async run() {
    const manager = await TaskManager.start(slots)
    for (let count = 0; count < tasks; count++) manager.spawn(work, { delay: delayOf(count) })
    await manager.drain()
    await manager.close()
  },
}

const peers = [
  {
    name: 'taskscope, no delay',
    goal: 5,
    async run() {
      const manager = await TaskManager.start(slots)
      for (let count = 0; count < tasks; count++) manager.spawn(work)
      await manager.drain()
      await manager.close()
    },
  },
  {
    name: 'a setTimeout for each, no limit',
    run: () =>
      new Promise<void>(resolve => {
        let left = tasks
        const due = async () => {
          await work()
          left--
          if (left === 0) resolve()
        }
        for (let count = 0; count < tasks; count++) setTimeout(due, delayOf(count))
      }),
  },
]
