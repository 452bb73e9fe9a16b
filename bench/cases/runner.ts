import { compare } from '../compare.ts'
import { TaskManager, TaskRunner } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { many, range, slots, work } from '../workload.ts'

const tasks = many(100_000)

/** What records, statistics and the queue's limit cost on top of the manager. */
export default async function runner(rounds: number): Promise<CaseResult> {
  const rows = await compare({ ours, peers, tasks, rounds })
  return { title: `submit ${tasks} promise tasks to a runner and drain, ${slots} workers`, rows }
}

const ours = {
  name: 'TaskRunner',
  run: () => submitAll({ history: 10_000 }),
}

const peers = [
  {
    name: 'TaskManager',
    goal: 1.3,
    async run() {
      const manager = await TaskManager.start(slots)
      for (let count = 0; count < tasks; count++) manager.spawn(work)
      await manager.drain()
      await manager.close()
    },
  },
  { name: 'TaskRunner, every record kept', run: () => submitAll({ history: tasks }) },
  {
    name: 'TaskRunner, a queue of 100 and wait',
    async run() {
      const runner = await TaskRunner.start({ workers: slots, submitPolicy: 'wait' })
      await Promise.all(range(tasks).map(() => runner.submit(work)))
      await runner.close()
    },
  },
]

async function submitAll(options: { history: number }): Promise<void> {
  const runner = await TaskRunner.start({ workers: slots, queueSize: tasks, ...options })
  for (let count = 0; count < tasks; count++) runner.submit(work)
  await runner.drain()
  await runner.close()
}
