import { describe, expect, it } from 'vitest'
import { TaskManager, TaskRunner } from '../../src/index.ts'
import { Semaphore } from '../../src/limits/semaphore.ts'
import { runVirtual } from '../../src/testing/run-virtual.ts'
import { TaskWorker } from '../../src/worker.ts'

async function* items(): AsyncGenerator<number> {
  yield 1
}

describe('an async function*, of which a call runs nothing', () => {
  const manager = TaskManager.start()
  it.each<[string, () => unknown]>([
    ['spawn', async () => (await manager).spawn(items)],
    ['spawn with a key', async () => (await manager).spawn(items, { key: 'k' })],
    ['supervise', async () => (await manager).supervise(items, { restart: 'always' })],
    ['every', async () => (await manager).every(1, items)],
    ['map', async () => (await manager).map([1], items)],
    ['scope', async () => (await manager).scope(items as never)],
    ['spawn of a scope', async () => (await manager).scope(scope => void scope.spawn(items))],
    ['on', async () => (await manager).on('done', items as never)],
    ['onError', () => TaskManager.start({ onError: items as never })],
    ['submit', async () => (await TaskRunner.start()).submit(items)],
    ['use', () => new Semaphore(1).use(items)],
    ['a watch of a semaphore', () => new Semaphore(1).on('exhausted', items as never)],
    ['onMessage', () => TaskWorker.start({ mode: 'thread', onMessage: items as never })],
    ['runVirtual', () => runVirtual(items as never)],
  ])('is refused at the call, and says so: %s', async (_, call) => {
    const refused = (async () => call())()
    await expect(refused).rejects.toThrow(TypeError)
    await expect(refused).rejects.toThrow(/async function\*/)
    expect((await manager).stats()).toMatchObject({ pending: 0, running: 0, done: 0, failed: 0 })
  })

  it('is a stream where its items are read', async () => {
    const read: number[] = []
    for await (const item of (await manager).stream(items)) read.push(item)
    expect(read).toEqual([1])
  })
})
