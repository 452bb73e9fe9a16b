import { describe, expect, it, vi } from 'vitest'
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

  it.each([3_600_000, -3_600_000])('follows the clock of the system when that is set by %i ms', async by => {
    await autojump(async () => {
      const manager = await TaskManager.start(1)
      const early = manager.spawn(() => delay(1_000))
      const created = early.record()
      await early
      const ended = early.record()
      let failures = 0
      const across = manager.spawn(
        async () => {
          await delay(1_000)
          if (failures++ === 0) throw new Error('once')
        },
        { retry: { retries: 1, wait: 0 } },
      )
      await delay(1_500)
      vi.setSystemTime(Date.now() + by)
      const later = manager.spawn(() => delay(1_000))
      expect(later.record().createdAt).toBe(Date.now())
      await across
      const { createdAt, startedAt, endedAt, updatedAt, attempts } = across.record()
      expect([endedAt, updatedAt]).toEqual([Date.now(), Date.now()])
      expect([createdAt, startedAt]).toEqual([Date.now() - 2_000, Date.now() - 2_000])
      expect(attempts).toMatchObject([
        { startedAt: Date.now() - 2_000, endedAt: Date.now() - 1_000 },
        { startedAt: Date.now() - 1_000, endedAt: Date.now() },
      ])
      await later
      expect(later.record()).toMatchObject({ startedAt: Date.now() - 1_000, endedAt: Date.now() })
      expect(early.record()).toEqual(ended)
      expect(ended.createdAt).toBe(created.createdAt)
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
