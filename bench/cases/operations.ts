import { action, type Operation, run, spawn, type Task } from 'effection'
import { compare } from '../compare.ts'
import { TaskManager } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { ignore, many, slots } from '../workload.ts'

const tasks = many(10_000)

export default async function operations(rounds: number): Promise<CaseResult> {
  const rows = await compare({ ours, peers, tasks, rounds })
  return { title: `spawn ${tasks} operation tasks and drain, ${slots} slots`, rows }
}

const resolved = action<number>(resolve => {
  resolve(1)
  return ignore
})

function* operation(): Operation<number> {
  return yield* resolved
}

const ours = {
  name: 'taskscope',
  async run() {
    const manager = await TaskManager.start(slots)
    for (let count = 0; count < tasks; count++) manager.spawn(operation)
    await manager.drain()
    await manager.close()
  },
}

const peers = [
  {
    name: `effection, spawn and join in ${slots} lanes`,
    goal: 1.05,
    run: () =>
      run(function* () {
        let left = tasks
        function* lane(): Operation<void> {
          while (left > 0) {
            left--
            const child = yield* spawn(operation)
            yield* child
          }
        }
        const lanes: Task<void>[] = []
        for (let count = 0; count < slots; count++) lanes.push(yield* spawn(lane))
        for (const task of lanes) yield* task
      }),
  },
]
