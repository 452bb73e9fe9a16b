import { callInProcess } from '../process.ts'
import { TaskRunner } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { many, slots, work } from '../workload.ts'

const wave = many(100_000)
const waves = 10
const history = many(10_000)

interface Wave {
  readonly time: number
  /** What is alive after a full collection, in MB. */
  readonly heap: number
}

/** A long life with a bounded history: neither the heap nor the time per task may grow with the tasks that were. */
export default async function runnerMemory(): Promise<CaseResult> {
  const measured = await callInProcess<Wave[]>(import.meta.url, 'life')
  const [first, last] = [measured[2], measured.at(-1)] as [Wave, Wave]
  return {
    title: `${wave * waves} tasks through one runner that keeps ${history} records`,
    rows: [
      { label: `heap after ${3 * wave}`, value: first.heap, unit: 'MB' },
      {
        label: `heap after ${waves * wave}, ratio to that`,
        value: last.heap,
        unit: 'MB',
        ratio: last.heap / first.heap,
        goal: 1.05,
      },
      { label: `the third ${wave}`, value: first.time, unit: 'µs per task' },
      {
        label: `the last ${wave}, ratio to that`,
        value: last.time,
        unit: 'µs per task',
        ratio: last.time / first.time,
        goal: 1.3,
      },
    ],
  }
}

export async function life(): Promise<Wave[]> {
  const runner = await TaskRunner.start({ workers: slots, queueSize: wave, history })
  const measured: Wave[] = []
  for (let count = 0; count < waves; count++) {
    const start = performance.now()
    for (let task = 0; task < wave; task++) runner.submit(work)
    await runner.drain()
    const time = ((performance.now() - start) * 1_000) / wave
    gc?.()
    gc?.()
    measured.push({ time, heap: process.memoryUsage().heapUsed / 1e6 })
  }
  await runner.close()
  return measured
}
