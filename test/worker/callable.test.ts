import { describe, expect, it } from 'vitest'
import { TaskWorker } from '../../src/worker.ts'

describe('a worker that is called', () => {
  it.each(['sync', 'async', 'thread'] as const)('submits to its function in mode %s', async mode => {
    await using double = await TaskWorker.start({ fn: (x: number) => 2 * x, mode, maxWorkers: 1 })
    const handle = double(5)
    expect(handle.record().status).toBe(mode === 'sync' ? 'done' : 'pending')
    expect(await handle).toBe(10)
    expect(await double((x: number) => 3 * x, 5)).toBe(15)
    expect(double.stats().done).toBe(2)
  })

  it('needs a function where none is bound', async () => {
    await using worker = await TaskWorker.start()
    expect(await worker((x: number) => x + 1, 1)).toBe(2)
    expect(() => worker(5)).toThrow(TypeError)
  })

  it('is a worker for all that', async () => {
    await using worker = await TaskWorker.start({ fn: (x: number) => x })
    expect(worker).toBeInstanceOf(TaskWorker)
    expect(Object.keys(worker)).toEqual([])
    expect(await worker.call(1)).toBe(1)
    expect(await worker.map([1, 2]).toArray()).toEqual([1, 2])
  })
})
