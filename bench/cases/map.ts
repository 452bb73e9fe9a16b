import pMap from 'p-map'
import { compare } from '../compare.ts'
import { TaskManager } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { many, range, slots } from '../workload.ts'

const tasks = many(100_000)
const items = range(tasks)

export default async function map(rounds: number): Promise<CaseResult> {
  const rows = await compare({ ours, peers, tasks, rounds })
  return { title: `map over ${tasks} items to an array, ${slots} slots`, rows }
}

async function double(item: number): Promise<number> {
  await null
  return item * 2
}

const ours = {
  name: 'taskscope',
  async run() {
    const manager = await TaskManager.start(slots)
    await manager.map(items, double).toArray()
    await manager.close()
  },
}

const peers = [{ name: 'p-map', goal: 1, run: () => pMap(items, double, { concurrency: slots }) }]
