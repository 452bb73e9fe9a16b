import { afterEach, describe, expect, it, vi } from 'vitest'
import { permitSourceOf } from '../../src/limits/permit-source-of.ts'
import { limitPool } from '../../src/limits/pool.ts'
import { resourceLimit } from '../../src/limits/resource.ts'
import { Semaphore } from '../../src/limits/semaphore.ts'
import { limits } from '../../src/limits/set.ts'
import type { ExternalLimit } from '../../src/limits/types.ts'
import { settle } from '../harness.ts'

afterEach(() => vi.restoreAllMocks())

/** An external limit that counts what is out. */
function external(gate: Promise<void> = Promise.resolve()) {
  const state = { held: 0 }
  const limit: ExternalLimit = {
    async acquire() {
      await gate
      state.held += 1
      return {
        release: () => {
          state.held -= 1
        },
      }
    },
  }
  return { state, limit }
}

describe('an external member', () => {
  it('is held with the rest and released with it', async () => {
    const { state, limit } = external()
    const db = resourceLimit({ key: 'db', capacity: 1 })
    const set = limits([db, limit])
    const permit = await set.acquire()
    expect([state.held, db.stats().used]).toEqual([1, 1])
    permit.update({ db: 0 })
    permit.release()
    permit.release()
    expect([state.held, db.stats().used]).toEqual([0, 0])
    await set.acquire({ db: 1 }, { only: true })
    expect(state.held).toBe(0)
  })

  it.each(['release', Symbol.dispose, Symbol.asyncDispose])('may be released by %s', async name => {
    const released = vi.fn(async () => {})
    const set = limits([{ acquire: () => ({ [name]: released }) } as unknown as ExternalLimit])
    {
      await using _permit = await set.acquire()
    }
    expect(released).toHaveBeenCalledOnce()
  })

  it('that fails in acquire is not masked, and nothing leaks', async () => {
    const error = new Error('theirs')
    const { state, limit } = external()
    const db = resourceLimit({ key: 'db', capacity: 1 })
    const semaphore = new Semaphore(1)
    for (const acquire of [
      () => Promise.reject(error),
      () => {
        throw error
      },
    ]) {
      const set = limits([db, limit, semaphore, { acquire }])
      await expect(set.acquire()).rejects.toBe(error)
      expect([state.held, semaphore.available, db.stats().used, db.stats().waiting]).toEqual([0, 1, 0, 0])
    }
  })

  it('that gives nothing to release is refused', async () => {
    const { state, limit } = external()
    const set = limits([limit, { acquire: () => 1 as never }])
    await expect(set.acquire()).rejects.toThrow(TypeError)
    expect(state.held).toBe(0)
  })

  it('that answers too late is given back', async () => {
    const gate = Promise.withResolvers<void>()
    const first = external()
    const second = external(gate.promise)
    const set = limits([first.limit, second.limit])
    const controller = new AbortController()
    const waiting = set.acquire({}, { signal: controller.signal })
    await settle()
    expect(first.state.held).toBe(1)
    controller.abort()
    await expect(waiting).rejects.toBe(controller.signal.reason)
    expect(first.state.held).toBe(0)
    gate.resolve()
    await settle()
    expect(second.state.held).toBe(0)
  })

  it('is given back when the wait for the rest is cancelled', async () => {
    const { state, limit } = external()
    const db = resourceLimit({ key: 'db', capacity: 1 })
    const holder = await db.acquire()
    const controller = new AbortController()
    const waiting = limits([limit, db]).acquire({}, { signal: controller.signal })
    await settle()
    expect([state.held, db.stats().waiting]).toEqual([1, 1])
    controller.abort()
    await expect(waiting).rejects.toBe(controller.signal.reason)
    expect([state.held, db.stats().waiting]).toEqual([0, 0])
    holder.release()
  })

  it('that fails to release hides no error and is reported', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {})
    const theirs = new Error('theirs')
    const mine = new Error('mine')
    const set = limits([{ acquire: () => ({ release: () => Promise.reject(theirs) }) }])
    const work = async () => {
      await using _permit = await set.acquire()
      throw mine
    }
    await expect(work()).rejects.toBe(mine)
    expect(report).toHaveBeenCalledExactlyOnceWith(expect.any(String), theirs)
  })

  it('cannot be tried', () => {
    expect(() => limits([external().limit]).tryAcquire()).toThrow(TypeError)
  })
})

describe('a semaphore as a member', () => {
  it('counts 1, can be tried, and its line is left when the wait is cancelled', async () => {
    const semaphore = new Semaphore(1)
    const set = limits([semaphore, resourceLimit({ key: 'db', capacity: 1 })])
    const permit = set.tryAcquire()
    expect([permit?.released, semaphore.available]).toEqual([false, 0])
    const controller = new AbortController()
    const waiting = set.acquire({}, { signal: controller.signal })
    expect([semaphore.waiting, set.tryAcquire()]).toEqual([1, undefined])
    controller.abort()
    await expect(waiting).rejects.toBe(controller.signal.reason)
    expect(semaphore.waiting).toBe(0)
    permit?.release()
    expect(semaphore.available).toBe(1)
  })

  it('is given back when the wait for the rest is cancelled', async () => {
    const semaphore = new Semaphore(1)
    const db = resourceLimit({ key: 'db', capacity: 1 })
    await db.acquire()
    const controller = new AbortController()
    const waiting = limits([semaphore, db]).acquire({}, { signal: controller.signal })
    expect([semaphore.available, db.stats().waiting]).toEqual([0, 1])
    controller.abort()
    await expect(waiting).rejects.toBe(controller.signal.reason)
    expect([semaphore.available, db.stats().waiting]).toEqual([1, 0])
  })

  it('gives back what was tried in vain', async () => {
    const semaphore = new Semaphore(1)
    const db = resourceLimit({ key: 'db', capacity: 1 })
    await db.acquire()
    expect(limits([semaphore, db]).tryAcquire()).toBeUndefined()
    expect(semaphore.available).toBe(1)
  })
})

describe('demandOf', () => {
  it('grants at once without a promise, or calls back in turn', () => {
    const db = resourceLimit({ key: 'db', capacity: 1 })
    const source = permitSourceOf(db)
    const permits: Disposable[] = []
    const requester = { granted: (permit: Disposable) => permits.push(permit), refused: () => expect.unreachable() }
    source.acquire(requester)
    expect(permits).toHaveLength(1)
    const cancelled = source.acquire(requester)
    source.acquire(requester)
    cancelled.cancel()
    permits[0]?.[Symbol.dispose]()
    expect(permits).toHaveLength(2)
    cancelled.cancel()
    expect(db.stats()).toMatchObject({ used: 1, waiting: 0 })
  })

  it('calls nobody back once cancelled, whatever an external limit answers', async () => {
    const source = permitSourceOf({ acquire: () => Promise.reject(new Error('theirs')) })
    const called = vi.fn()
    source.acquire({ granted: called, refused: called }).cancel()
    await settle()
    expect(called).not.toHaveBeenCalled()
  })

  it('checks the limits and the amounts', () => {
    const db = resourceLimit({ key: 'db', capacity: 1 })
    expect(() => permitSourceOf(db, { db: 2 })).toThrow(RangeError)
    expect(() => permitSourceOf(db, { bd: 1 })).toThrow(RangeError)
    expect(() => permitSourceOf(external().limit, { db: 1 })).toThrow(RangeError)
    expect(() => permitSourceOf(new Semaphore(1), { db: 1 })).toThrow(RangeError)
    expect(() => permitSourceOf({} as never)).toThrow(TypeError)
    expect(() => permitSourceOf(3 as never)).toThrow(TypeError)
    expect(() => permitSourceOf(limitPool([db]), { db: 2 })).toThrow(RangeError)
  })
})
