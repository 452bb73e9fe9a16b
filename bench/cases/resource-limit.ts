import pLimit from 'p-limit'
import { compare } from '../compare.ts'
import { resourceLimit, TaskManager } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { many, range, slots, work } from '../workload.ts'

const tasks = many(100_000)

/** The same number at a time as in `spawn-drain`, by a limit instead of by slots. */
export default async function limitedTasks(rounds: number): Promise<CaseResult> {
  const rows = await compare({ ours, peers, tasks, rounds })
  return { title: `spawn ${tasks} promise tasks with a resource limit of ${slots} and drain`, rows }
}

const ours = {
  name: 'taskscope',
  async run() {
    const manager = await TaskManager.start({ maxTasks: Number.POSITIVE_INFINITY })
    const options = { limits: resourceLimit({ key: 'connections', capacity: slots }) }
    for (let count = 0; count < tasks; count++) manager.spawn(work, options)
    await manager.drain()
    await manager.close()
  },
}

const peers = [
  {
    name: 'taskscope, slots instead',
    goal: 1.5,
    async run() {
      const manager = await TaskManager.start(slots)
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
]
