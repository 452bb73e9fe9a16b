import { priorityQueue } from 'async'
import PQueue from 'p-queue'
import { compare } from '../compare.ts'
import { seededRandom } from '../statistics.ts'
import { TaskManager } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { ignore, many, range, slots, work } from '../workload.ts'

const tasks = many(100_000)
const random = seededRandom(1)
const priorities = range(tasks).map(() => Math.floor(random() * 1_000_000))

export default async function randomPriorities(rounds: number): Promise<CaseResult> {
  const rows = await compare({ ours, peers, tasks, rounds })
  return { title: `spawn ${tasks} promise tasks with random priorities and drain, ${slots} slots`, rows }
}

const ours = {
  name: 'taskscope',
  async run() {
    const manager = await TaskManager.start(slots)
    for (const priority of priorities) manager.spawn(work, { priority })
    await manager.drain()
    await manager.close()
  },
}

const peers = [
  {
    name: 'async.priorityQueue',
    goal: 1,
    async run() {
      const queue = priorityQueue<typeof work>((task, done) => {
        task().then(() => done(), done)
      }, slots)
      for (const priority of priorities) queue.push(work, priority, ignore)
      await queue.drain()
    },
  },
  {
    name: 'p-queue',
    goal: 0.1,
    rounds: 3,
    run() {
      const queue = new PQueue({ concurrency: slots })
      for (const priority of priorities) queue.add(work, { priority })
      return queue.onIdle()
    },
  },
]
