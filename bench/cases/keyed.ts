import { compare } from '../compare.ts'
import { TaskManager } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { many, slots, work } from '../workload.ts'

const tasks = many(100_000)

export default async function keyed(rounds: number): Promise<CaseResult> {
  const rows = await compare({ ours, peers, tasks, rounds })
  return { title: `spawn ${tasks} promise tasks with a key each, ${slots} slots, and drain`, rows }
}

async function run(optionsOf: (count: number) => { readonly key: string } | undefined): Promise<void> {
  const manager = await TaskManager.start(slots)
  for (let count = 0; count < tasks; count++) manager.spawn(work, optionsOf(count))
  await manager.drain()
  await manager.close()
}

const ours = { name: 'taskscope, a key each', run: () => run(count => ({ key: `key ${count}` })) }

const peers = [
  { name: 'taskscope, no key', goal: 12, run: () => run(() => undefined) },
  {
    name: 'taskscope, ten that join for each key',
    run: () => run(count => ({ key: `key ${Math.floor(count / 10)}` })),
  },
]
