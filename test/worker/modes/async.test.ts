import { describe, expect, it } from 'vitest'
import { TaskWorker, task } from '../../../src/worker.ts'
import { FUNCTIONS } from './mode.ts'
import { describeMode } from './suite.ts'

describeMode('async', options => TaskWorker.start({ module: FUNCTIONS, ...options, mode: 'async' }))

describe('the mode async alone', () => {
  it('starts a call on a later microtask', async () => {
    const seen: string[] = []
    const handle = task(() => seen.push('ran'))()
    seen.push('after')
    await handle
    expect(seen).toEqual(['after', 'ran'])
  })

  it('is the mode where nothing is said, with 35 slots', async () => {
    const worker = await TaskWorker.start()
    expect(worker.stats()).toMatchObject({ maxTasks: 35, workers: 1 })
    expect(await worker.submit(() => process.pid)).toBe(process.pid)
    await worker.stop()
  })

  it('passes arguments and results as they are', async () => {
    const value = { do: () => 1 }
    expect(await task((given: unknown) => ({ same: given === value }))(value)).toEqual({ same: true })
  })

  it('runs what is an operation', async () => {
    const work = task(function* (x: number) {
      yield* task(async () => {})()
      return x + 1
    })
    expect(await work(1)).toBe(2)
  })
})
