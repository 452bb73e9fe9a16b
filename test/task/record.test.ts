import { describe, expect, it } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'
import { delay, failureOf, forever, listening } from '../work.ts'

describe('record', () => {
  it('tells the times of a task in epoch milliseconds', async () => {
    await autojump(async () => {
      const manager = await TaskManager.start(1)
      const zero = Date.now()
      manager.spawn(() => delay(100))
      await delay(10)
      const handle = manager.spawn(() => delay(50, 'x'))
      const at = (record: object) => Object.fromEntries(Object.entries(record).map(([k, v]) => [k, v - zero]))
      const times = () => {
        const { createdAt, startedAt, endedAt, updatedAt } = handle.record()
        return at({ createdAt, ...(startedAt && { startedAt }), ...(endedAt && { endedAt }), updatedAt })
      }
      expect(times()).toEqual({ createdAt: 10, updatedAt: 10 })
      await delay(100)
      expect(times()).toEqual({ createdAt: 10, startedAt: 100, updatedAt: 100 })
      await handle
      expect(times()).toEqual({ createdAt: 10, startedAt: 100, endedAt: 150, updatedAt: 150 })
    })
  })

  it('has what was asked for', async () => {
    const manager = await TaskManager.start({ autoStart: false })
    const handle = manager.spawn(forever, { name: 'fetch', type: 'http', priority: 3 })
    expect(handle.record()).toMatchObject({
      id: 1,
      name: 'fetch',
      type: 'http',
      priority: 3,
      status: 'pending',
      attempt: 0,
      attempts: [],
      abandoned: false,
    })
  })

  it('leaves out what there is not', async () => {
    const manager = await TaskManager.start({ autoStart: false })
    const record = manager.spawn(forever).record()
    expect(Object.keys(record).sort()).toEqual(
      ['id', 'name', 'status', 'priority', 'attempt', 'attempts', 'createdAt', 'updatedAt', 'abandoned'].sort(),
    )
  })

  it('is a snapshot: it does not change, and nobody can change it', async () => {
    const manager = await TaskManager.start()
    const handle = manager.spawn(() => 1)
    const before = handle.record()
    await handle
    const after = handle.record()
    expect(before.status).toBe('pending')
    expect(after.status).toBe('done')
    for (const part of [before, after, after.attempts, after.attempts[0]]) expect(Object.isFrozen(part)).toBe(true)
  })

  it('has the result of a task that is done, undefined included', async () => {
    const manager = await TaskManager.start()
    const handle = manager.spawn(() => undefined)
    await handle
    expect(handle.record()).toHaveProperty('result', undefined)
    expect(handle.record()).not.toHaveProperty('error')
  })

  it('has the error of a task that failed, in its attempt too', async () => {
    await autojump(async () => {
      const manager = await TaskManager.start()
      const start = Date.now()
      const handle = manager.spawn(() => delay(20).then(() => Promise.reject('broken')))
      await failureOf(handle)
      expect(handle.record()).toMatchObject({
        error: 'broken',
        attempt: 1,
        attempts: [{ startedAt: start, endedAt: start + 20, error: 'broken' }],
      })
      expect(handle.record()).not.toHaveProperty('result')
    })
  })

  it('has one attempt without an end while the task runs', async () => {
    const manager = await TaskManager.start()
    const handle = manager.spawn(forever)
    await settle()
    expect(handle.record().attempts).toEqual([{ startedAt: expect.any(Number) }])
  })

  it('has the reason of a cancel from the moment it was asked for', async () => {
    const manager = await TaskManager.start({ cleanupTimeout: 0 })
    const handle = manager.spawn(task => listening(task, forever))
    await settle()
    const cancelled = handle.cancel('enough')
    expect(handle.record()).toMatchObject({ status: 'stopping', cancelReason: 'enough' })
    await cancelled
    expect(handle.record()).toMatchObject({ status: 'cancelled', cancelReason: 'enough' })
    expect(handle.record()).not.toHaveProperty('error')
  })

  it('is JSON-safe when result and error are', async () => {
    const manager = await TaskManager.start()
    const handle = manager.spawn(task => {
      task.progress(1)
      return { answer: 42 }
    })
    await handle
    expect(JSON.parse(JSON.stringify(handle.record()))).toEqual(handle.record())
  })
})
