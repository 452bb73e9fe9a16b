import { describe, expect, it } from 'vitest'
import { resourceLimit, TaskManager, TaskRunner } from '../../src/index.ts'
import { task } from '../../src/worker.ts'
import { settle } from '../harness.ts'

async function logging(maxTasks: number) {
  const manager = await TaskManager.start(maxTasks)
  const log: string[] = []
  const spawn = (name: string, options = {}) => manager.spawn(() => void log.push(name), options)
  return { manager, log, spawn }
}

describe('startNow', () => {
  it('starts in the call, while others start in a later microtask, by priority', async () => {
    const { manager, log, spawn } = await logging(10)
    spawn('later')
    spawn('first', { priority: 1 })
    const handle = spawn('now', { startNow: true })
    expect(handle.status).toBe('done')
    expect(manager.stats()).toMatchObject({ pending: 2, done: 1 })
    log.push('sync')
    await manager.drain()
    expect(log).toEqual(['now', 'sync', 'first', 'later'])
  })

  it('takes no slot from one that goes before it', async () => {
    const { manager, log, spawn } = await logging(1)
    spawn('before')
    spawn('after', { startNow: true })
    expect(log).toEqual([])
    await manager.drain()
    expect(log).toEqual(['before', 'after'])
  })

  it('waits where there is no slot, in a pause, and for limits', async () => {
    const { manager, log, spawn } = await logging(1)
    const limits = resourceLimit({ key: 'one', capacity: 1 })
    spawn('alone', { startNow: true, limits })
    expect(log).toEqual(['alone'])
    const permit = await limits.acquire()
    spawn('limited', { startNow: true, limits })
    manager.pause()
    spawn('paused', { startNow: true })
    expect(log).toEqual(['alone'])
    await permit.release()
    manager.resume()
    await manager.drain()
    expect(log.toSorted()).toEqual(['alone', 'limited', 'paused'])
  })

  it('may be spawned from a task that starts', async () => {
    const { manager, log, spawn } = await logging(2)
    manager.spawn(() => {
      spawn('inner', { startNow: true })
      log.push('outer')
    })
    await manager.drain()
    expect(log.toSorted()).toEqual(['inner', 'outer'])
  })

  it('leaves a failure to those who look at the handle in the same tick', async () => {
    const told: unknown[] = []
    const manager = await TaskManager.start({ onError: error => told.push(error) })
    const fail = () => Promise.reject('no')
    await expect(manager.spawn(fail, { startNow: true })).rejects.toBe('no')
    manager.spawn(
      () => {
        throw 'unseen'
      },
      { startNow: true },
    )
    await settle()
    expect(told).toEqual(['unseen'])
  })

  it('is an option of submit as well, and of nothing that starts by itself', async () => {
    await using runner = await TaskRunner.start()
    expect(runner.submit(() => 1, { startNow: true }).status).toBe('done')
    expect(runner.stats().done).toBe(1)
    expect(() => runner.manager.map([1], n => n, { startNow: true } as never)).toThrow(
      /"startNow" must be a known option/,
    )
    expect(() => task((n: number) => n, { startNow: true } as never)).toThrow(/"startNow" must be a known option/)
    expect(() => runner.manager.spawn(() => 1, { startNow: 1 as never })).toThrow(
      /startNow must be true or false, got 1/,
    )
  })
})
