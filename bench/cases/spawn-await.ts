import { promise as fastq } from 'fastq'
import pLimit from 'p-limit'
import PQueue from 'p-queue'
import { compare } from '../compare.ts'
import { TaskManager } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { many, range, slots, work } from '../workload.ts'

const tasks = many(100_000)

export default async function spawnAwait(rounds: number): Promise<CaseResult> {
  const rows = await compare({ ours, peers, tasks, rounds })
  return { title: `spawn ${tasks} promise tasks and await every handle, ${slots} slots`, rows }
}

const ours = {
  name: 'taskscope',
  async run() {
    const manager = await TaskManager.start(slots)
    await Promise.all(range(tasks).map(() => manager.spawn(work)))
    await manager.close()
  },
}

const peers = [
  {
    name: 'p-limit',
    goal: 0.85,
    run() {
      const limit = pLimit(slots)
      return Promise.all(range(tasks).map(() => limit(work)))
    },
  },
  {
    name: 'p-queue',
    goal: 0.85,
    run() {
      const queue = new PQueue({ concurrency: slots })
      return Promise.all(range(tasks).map(() => queue.add(work)))
    },
  },
  {
    name: 'fastq, promise API',
    goal: 0.85,
    run() {
      const queue = fastq((task: typeof work) => task(), slots)
      return Promise.all(range(tasks).map(() => queue.push(work)))
    },
  },
]
