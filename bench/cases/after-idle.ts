import { collectGarbage, compare } from '../compare.ts'
import { TaskManager } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { many, slots, work } from '../workload.ts'

const tasks = many(100_000)

/** What a burst costs when the process was idle before and everything unused was collected. */
export default async function afterIdle(rounds: number): Promise<CaseResult> {
  const rows = await compare({ ours, peers, tasks, rounds })
  return { title: `a burst of ${tasks} promise tasks after full collections`, rows }
}

let waiting: Awaited<ReturnType<typeof TaskManager.start>> | undefined

const ours = {
  name: 'nothing alive',
  async prepare() {
    await waiting?.close({ timeout: 0 })
    waiting = undefined
    // What a collection finds to be garbage the next one no longer counts as a use of its class.
    for (let times = 0; times < 2; times++) await collectGarbage()
  },
  run: burst,
}

const peers = [
  {
    name: 'while a task waits',
    goal: 1.2,
    async prepare() {
      waiting ??= await TaskManager.start()
      waiting.spawn(({ signal }) => new Promise<void>(resolve => signal.addEventListener('abort', () => resolve())))
      await burst()
    },
    run: burst,
  },
]

async function burst(): Promise<void> {
  const manager = await TaskManager.start(slots)
  for (let count = 0; count < tasks; count++) manager.spawn(work)
  await manager.drain()
  await manager.close()
}
