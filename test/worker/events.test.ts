import { afterEach, describe, expect, it } from 'vitest'
import { type TaskFunction, TaskWorker, task, type WorkerMode } from '../../src/worker.ts'
import { steps } from '../fixtures/worker/steps.ts'

const MODULE = new URL('../fixtures/worker/steps.ts', import.meta.url)

const open: (TaskWorker | TaskFunction<[number], string>)[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map(each => each.stop()))
})

describe.each(['sync', 'async', 'thread', 'process'] satisfies WorkerMode[])('the events of calls in mode %s', mode => {
  it('are those of its tasks, their progress in between', async () => {
    const stepped = task(steps, { mode, module: MODULE })
    open.push(stepped)
    const seen: unknown[] = []
    for (const type of ['started', 'progress', 'done'] as const) {
      stepped.on(type, ({ record: { id, progress } }) => seen.push([type, id, progress?.completed]))
    }
    const handle = stepped(2)
    await stepped.drain()
    const { id } = handle
    expect(seen).toEqual([
      ['started', id, undefined],
      ['progress', id, 1],
      ['progress', id, 2],
      ['done', id, 2],
    ])
  })

  it('are heard until that is ended', async () => {
    const worker = await TaskWorker.start({ mode, module: MODULE, fn: steps })
    open.push(worker)
    let ended = 0
    const stopListening = worker.on('done', () => {
      ended += 1
    })
    await worker.submit(1)
    await worker.drain()
    stopListening()
    await worker.submit(1)
    await worker.drain()
    expect(ended).toBe(1)
  })
})

describe('the events of calls', () => {
  it('have names, and take functions', async () => {
    const worker = await TaskWorker.start()
    open.push(worker)
    expect(() => worker.on('ended' as 'done', () => {})).toThrow(RangeError)
    expect(() => worker.on('done', 'listener' as unknown as () => void)).toThrow(TypeError)
  })
})
