import { queue as asyncQueue } from 'async'
import { Effect } from 'effect'
import { promise as fastq } from 'fastq'
import pLimit from 'p-limit'
import PQueue from 'p-queue'
import { compare } from '../compare.ts'
import { TaskManager } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { ignore, many, range, slots, work } from '../workload.ts'

const tasks = many(100_000)

export default async function spawnDrain(rounds: number): Promise<CaseResult> {
  const rows = await compare({ ours, peers, tasks, rounds })
  return { title: `spawn ${tasks} promise tasks and drain, ${slots} slots, results not kept`, rows }
}

const ours = {
  name: 'taskscope',
  async run() {
    const manager = await TaskManager.start(slots)
    for (let count = 0; count < tasks; count++) manager.spawn(work)
    await manager.drain()
    await manager.close()
  },
}

const peers = [
  {
    name: 'taskscope with stuckAfter',
    async run() {
      const manager = await TaskManager.start({ maxTasks: slots, stuckAfter: 60_000 })
      for (let count = 0; count < tasks; count++) manager.spawn(work)
      await manager.drain()
      await manager.close()
    },
  },
  {
    name: 'bare Promise.all, no limit',
    goal: 3,
    run: () => Promise.all(range(tasks).map(work)),
  },
  {
    name: 'p-limit',
    goal: 0.4,
    run() {
      const limit = pLimit(slots)
      return Promise.all(range(tasks).map(() => limit(work)))
    },
  },
  {
    name: 'p-limit, ended by a counter',
    goal: 0.4,
    run: () =>
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
  },
  {
    name: 'fastq, promise API',
    goal: 0.5,
    run() {
      const queue = fastq((task: typeof work) => task(), slots)
      for (let count = 0; count < tasks; count++) queue.push(work)
      return queue.drained()
    },
  },
  {
    name: 'async.queue, async worker',
    goal: 0.6,
    async run() {
      const queue = asyncQueue(async (task: typeof work) => task(), slots)
      for (let count = 0; count < tasks; count++) queue.push(work)
      await queue.drain()
    },
  },
  {
    name: 'async.queue, callbacks',
    goal: 0.6,
    async run() {
      const queue = asyncQueue<typeof work>((task, done) => {
        task().then(() => done(), done)
      }, slots)
      for (let count = 0; count < tasks; count++) queue.push(work, ignore)
      await queue.drain()
    },
  },
  {
    name: 'Effect.forEach, discard',
    goal: 0.8,
    run: () =>
      Effect.runPromise(
        Effect.forEach(range(tasks), () => Effect.promise(work), { concurrency: slots, discard: true }),
      ),
  },
  {
    name: 'p-queue',
    run() {
      const queue = new PQueue({ concurrency: slots })
      for (let count = 0; count < tasks; count++) queue.add(work)
      return queue.onIdle()
    },
  },
]
