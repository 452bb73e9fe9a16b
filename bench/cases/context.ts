import { AsyncLocalStorage } from 'node:async_hooks'
import pLimit from 'p-limit'
import { compare } from '../compare.ts'
import { TaskManager } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { many, range, slots, work } from '../workload.ts'

const tasks = many(100_000)
const storage = new AsyncLocalStorage<number>()

/** Each task from a store of its own, as in a server that traces requests: no captured context can be shared. */
export default async function context(rounds: number): Promise<CaseResult> {
  const rows = await compare({ ours, peers, tasks, rounds })
  return { title: `spawn ${tasks} promise tasks and drain, each from its own AsyncLocalStorage context`, rows }
}

const ours = {
  name: 'taskscope',
  async run() {
    const manager = await TaskManager.start(slots)
    for (let count = 0; count < tasks; count++) storage.run(count, () => void manager.spawn(work))
    await manager.drain()
    await manager.close()
  },
}

const peers = [
  {
    name: 'p-limit, which keeps the context too',
    run() {
      const limit = pLimit(slots)
      return Promise.all(range(tasks).map(count => storage.run(count, () => limit(work))))
    },
  },
]
