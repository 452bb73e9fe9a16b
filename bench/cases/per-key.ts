import { compare } from '../compare.ts'
import { perKey, resourceLimit, TaskManager } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { many, slots, work } from '../workload.ts'

const tasks = many(100_000)

/** A limit of its own for each task, in place of one for all. */
export default async function limitsPerKey(rounds: number): Promise<CaseResult> {
  const rows = await compare({ ours, peers, tasks, rounds })
  return {
    title: `spawn ${tasks} promise tasks of as many keys with a limit each, ${slots} at a time, and drain`,
    rows,
  }
}

const ours = {
  name: 'taskscope, perKey',
  async run() {
    const manager = await TaskManager.start(slots)
    const perHost = perKey((key: number) => resourceLimit({ key: String(key), capacity: slots }))
    for (let count = 0; count < tasks; count++) manager.spawn(work, { limits: perHost(count) })
    await manager.drain()
    await manager.close()
  },
}

const peers = [
  {
    name: 'taskscope, one limit for all',
    async run() {
      const manager = await TaskManager.start(slots)
      const options = { limits: resourceLimit({ key: 'all', capacity: slots }) }
      for (let count = 0; count < tasks; count++) manager.spawn(work, options)
      await manager.drain()
      await manager.close()
    },
  },
]
