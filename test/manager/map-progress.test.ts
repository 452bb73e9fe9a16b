import { describe, expect, it } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import { task } from '../../src/worker.ts'
import { until } from '../harness.ts'

const stream = () => {
  const printed: string[] = []
  return { printed, write: (text: string) => printed.push(text) }
}

const half = (n: number) => {
  if (n === 3) throw new Error('odd')
  return n / 2
}

describe('progress', () => {
  it('is the same in map of a manager and of a task: lines', async () => {
    const [ofManager, ofTask] = [stream(), stream()]
    const manager = await TaskManager.start({ logger: false })
    await manager.map([2, 3, 4], half, { onError: 'collect', progress: { stream: ofManager } }).toArray()
    await using halved = task(half, { logger: false })
    await halved.map([2, 3, 4], { onError: 'collect', progress: { stream: ofTask } }).toArray()
    await until(() => ofManager.printed.length > 0 && ofTask.printed.length > 0)
    expect(ofManager.printed).toEqual(['half: 3/3 (100 %), 1 failed\n'])
    expect(ofTask.printed).toEqual(ofManager.printed)
  })

  it('is told to a reporter from start to stop, in order', async () => {
    const calls: unknown[] = []
    const { promise: stopped, resolve } = Promise.withResolvers<void>()
    const reporter = {
      start: (run: object) => calls.push(['start', run]),
      update: ({ completed, failed }: { completed: number; failed?: number }) => calls.push([completed, failed]),
      stop: (outcome: object) => {
        calls.push(['stop', outcome])
        resolve()
      },
    }
    const manager = await TaskManager.start(1)
    await manager.map([2, 4], half, { progress: reporter }).toArray()
    await stopped
    expect(calls).toEqual([
      ['start', { total: 2, label: 'half' }],
      [1, 0],
      [2, 0],
      ['stop', { completed: 2, failed: 0 }],
    ])
  })

  it('is refused at the call when it is none', async () => {
    const manager = await TaskManager.start()
    expect(() => manager.map([1], half, { progress: { lable: 'x' } as object })).toThrow(
      'did you mean "progress.label"?',
    )
    expect(() => manager.map([1], half, { progress: 5 as never })).toThrow(TypeError)
    expect(await manager.map([2], half, { progress: false }).toArray()).toEqual([1])
  })
})
