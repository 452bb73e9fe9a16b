import { compare } from '../compare.ts'
import { instrument, TaskManager } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { many, slots, work } from '../workload.ts'

const tasks = many(100_000)

/** What `taskscope/otel` costs those who do not call it any more, and those who do: without an SDK, which has a price of its own. */
export default async function otel(rounds: number): Promise<CaseResult> {
  const rows = await compare({ ours: { name: 'taskscope, not instrumented', run }, peers, tasks, rounds })
  return { title: `spawn ${tasks} promise tasks and drain, ${slots} slots, traced or not`, rows }
}

async function run(): Promise<void> {
  const manager = await TaskManager.start(slots)
  for (let count = 0; count < tasks; count++) manager.spawn(work)
  await manager.drain()
  await manager.close()
}

const peers = [
  {
    name: 'after an instrumentation was disposed',
    goal: 1.02,
    async run() {
      instrument().dispose()
      await run()
    },
  },
  {
    name: 'instrumented, without an SDK',
    async run() {
      using _ = instrument()
      await run()
    },
  },
]
