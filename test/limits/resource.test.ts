import { run } from 'effection'
import { describe, expect, it, vi } from 'vitest'
import { TaskTimeoutError } from '../../src/base/errors.ts'
import { resourceLimit } from '../../src/limits/resource.ts'
import { autojump, settle } from '../harness.ts'

describe('resourceLimit', () => {
  it('holds until released, and counts 1 unless told', async () => {
    const connections = resourceLimit({ key: 'connections', capacity: 4 })
    const one = await connections.acquire()
    const two = await connections.acquire({ connections: 2 })
    expect(connections.stats()).toEqual({ used: 3, available: 1, waiting: 0, utilisation: 0.75 })
    one.release()
    two.release()
    two.release()
    expect(connections.stats()).toEqual({ used: 0, available: 4, waiting: 0, utilisation: 0 })
  })

  it('may be without end', async () => {
    const limit = resourceLimit({ key: 'any', capacity: Number.POSITIVE_INFINITY })
    const permit = await limit.acquire({ any: 1000 })
    expect(limit.stats()).toMatchObject({ used: 1000, available: Number.POSITIVE_INFINITY, utilisation: 0 })
    permit.release()
  })

  it('refuses wrong options, naming them', () => {
    expect(() => resourceLimit({ key: 'x' } as never)).toThrow('capacity must be a positive integer or Infinity')
    expect(() => resourceLimit({ key: 'x', capacity: 0 })).toThrow(RangeError)
    expect(() => resourceLimit({ capacity: 1 } as never)).toThrow(TypeError)
  })
})

describe('acquire', () => {
  const limit = () => resourceLimit({ key: 'db', capacity: 2 })

  it('refuses at the call what can never be granted', () => {
    const db = limit()
    expect(() => db.acquire({ db: 3 })).toThrow(new RangeError('db must be a whole number from 0 to 2, got 3'))
    expect(() => db.acquire({ db: -1 })).toThrow(RangeError)
    expect(() => db.acquire({ db: 0.5 })).toThrow(RangeError)
    expect(() => db.acquire({ db: '1' as never })).toThrow(TypeError)
    expect(() => db.acquire({ bd: 1 })).toThrow(
      new RangeError('amounts must name what is limited here ("db"), got "bd"'),
    )
    expect(() => db.acquire(1 as never)).toThrow(new TypeError('amounts must be an object, got 1'))
    expect(() => db.acquire({}, { only: 1 as never })).toThrow(TypeError)
    expect(() => db.acquire({}, { timeout: Number.NaN })).toThrow(RangeError)
    expect(() => db.tryAcquire({ db: 3 })).toThrow(RangeError)
    expect(db.stats().used).toBe(0)
  })

  it('rejects with TaskTimeoutError, and the next in line takes over', async () => {
    const { elapsed } = await autojump(async () => {
      const db = limit()
      const holder = await db.acquire()
      const large = db.acquire({ db: 2 }, { timeout: 30 })
      const small = db.acquire()
      await expect(large).rejects.toBeInstanceOf(TaskTimeoutError)
      await small
      holder.release()
      expect(db.stats()).toMatchObject({ used: 1, waiting: 0 })
    })
    expect(elapsed).toBe(30)
  })

  it('leaves no timer or listener behind when it is granted in time', async () => {
    await autojump(async () => {
      const db = resourceLimit({ key: 'db', capacity: 1 })
      const holder = await db.acquire()
      const { signal } = new AbortController()
      const removed = vi.spyOn(signal, 'removeEventListener')
      const waiting = db.acquire({}, { timeout: 1000, signal })
      expect(vi.getTimerCount()).toBe(1)
      holder.release()
      await waiting
      expect(vi.getTimerCount()).toBe(0)
      expect(removed).toHaveBeenCalledOnce()
    })
  })

  it('passes over a waiter in the middle that was cancelled, and nobody loses a turn', async () => {
    const db = resourceLimit({ key: 'db', capacity: 1 })
    const holder = await db.acquire()
    const controller = new AbortController()
    const order: number[] = []
    const waiters = [1, 2, 3, 4, 5].map(index =>
      db.acquire(undefined, index === 3 ? { signal: controller.signal } : {}).then(
        permit => {
          order.push(index)
          permit.release()
        },
        error => expect(error).toBe(controller.signal.reason),
      ),
    )
    controller.abort()
    expect(db.stats().waiting).toBe(4)
    holder.release()
    await Promise.all(waiters)
    expect(order).toEqual([1, 2, 4, 5])
  })

  it('does not starve a large request by small ones', async () => {
    await autojump(async () => {
      const memory = resourceLimit({ key: 'mb', capacity: 10 })
      let large = false
      const small = async (index: number) => {
        await new Promise(resolve => setTimeout(resolve, index))
        const permit = await memory.acquire({ mb: 1 })
        await new Promise(resolve => setTimeout(resolve, 15))
        permit.release()
        return large
      }
      const stream = Array.from({ length: 100 }, (_, index) => small(index))
      await new Promise(resolve => setTimeout(resolve, 20.5))
      const permit = await memory.acquire({ mb: 10 })
      large = true
      permit.release()
      const before = (await Promise.all(stream)).filter(done => !done)
      expect(before.length).toBeLessThanOrEqual(25)
    })
  })

  it('releases with the scope of an operation', async () => {
    const db = limit()
    await run(function* () {
      const permit = yield* db.acquire({ db: 2 })
      expect(permit.released).toBe(false)
      expect(db.stats().used).toBe(2)
    })
    expect(db.stats().used).toBe(0)
  })

  it('leaves nobody rejected behind when a wait that nobody looks at fails', async () => {
    const db = limit()
    await db.acquire({ db: 2 })
    db.acquire({}, { signal: AbortSignal.abort() })
    await settle()
    expect(db.stats().waiting).toBe(0)
  })
})

describe('update', () => {
  it('gives the rest back to the next in line, and the release gives back what was kept', async () => {
    const memory = resourceLimit({ key: 'mb', capacity: 100 })
    const permit = await memory.acquire({ mb: 100 })
    const waiting = memory.acquire({ mb: 20 })
    permit.update({ mb: 80 })
    ;(await waiting).release()
    expect(memory.stats().used).toBe(80)
    permit.update({ mb: 30 })
    permit.update({})
    expect(memory.stats().used).toBe(30)
    permit.release()
    expect(() => permit.update({ mb: 10 })).toThrow('the permit was released')
    expect(memory.stats().used).toBe(0)
  })

  it('refuses more than is held, and what is not held', async () => {
    const memory = resourceLimit({ key: 'mb', capacity: 100 })
    const permit = await memory.acquire({ mb: 50 })
    expect(() => permit.update({ mb: 60 })).toThrow(new RangeError('mb must be a whole number from 0 to 50, got 60'))
    expect(() => permit.update({ gb: 1 })).toThrow(RangeError)
    expect(() => permit.update(undefined as never)).toThrow(TypeError)
    permit.update({ mb: 40 })
    expect(() => permit.update({ mb: 50 })).toThrow(RangeError)
    expect(memory.stats().used).toBe(40)
  })
})
