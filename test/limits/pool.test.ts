import { describe, expect, it } from 'vitest'
import { limitPool } from '../../src/limits/pool.ts'
import { callLimit } from '../../src/limits/rate.ts'
import { resourceLimit } from '../../src/limits/resource.ts'
import { Semaphore } from '../../src/limits/semaphore.ts'
import { limits } from '../../src/limits/set.ts'
import { autojump, settle } from '../harness.ts'

const accounts = (capacity = 2) => ['one', 'two', 'three'].map(() => resourceLimit({ key: 'account', capacity }))
const used = (members: readonly { stats(): { used: number } }[]) => members.map(member => member.stats().used)

describe('limitPool', () => {
  it('takes each member in its turn', async () => {
    const members = accounts()
    const pool = limitPool(members)
    await pool.acquire()
    expect(used(members)).toEqual([1, 0, 0])
    await pool.acquire()
    expect(pool.tryAcquire()).toBeDefined()
    expect(used(members)).toEqual([1, 1, 1])
    await pool.acquire({ account: 1 })
    expect(used(members)).toEqual([2, 1, 1])
    expect(pool.stats()).toEqual(members.map(member => member.stats()))
  })

  it('takes any at random', async () => {
    const members = accounts(1000)
    const pool = limitPool(members, 'random')
    for (let i = 0; i < 300; i++) await pool.acquire()
    for (const count of used(members)) expect(count).toBeGreaterThan(30)
  })

  it('goes on to one that has room, and waits only when none has', async () => {
    const members = accounts(1)
    const pool = limitPool(members)
    const permits = [await pool.acquire(), await pool.acquire(), await pool.acquire()]
    permits[1]?.release()
    const again = await pool.acquire()
    expect(used(members)).toEqual([1, 1, 1])
    expect(pool.tryAcquire()).toBeUndefined()
    const waiting = pool.acquire()
    await settle()
    expect(members.map(member => member.stats().waiting)).toEqual([0, 1, 0])
    again.release()
    ;(await waiting).release()
  })

  it('has those who could take nothing and wait then spread over all members', async () => {
    const members = accounts(1).slice(1)
    const pool = limitPool(members)
    await Promise.all([pool.acquire(), pool.acquire()])
    for (let n = 0; n < 4; n += 1) {
      expect(pool.tryAcquire()).toBeUndefined()
      void pool.acquire()
    }
    expect(members.map(member => member.stats().waiting)).toEqual([2, 2])
  })

  it('adds up the rates of its members', async () => {
    const { elapsed } = await autojump(async () => {
      const pool = limitPool([callLimit(10, 1000), callLimit(10, 1000)])
      await Promise.all(Array.from({ length: 100 }, () => pool.acquire()))
    })
    expect(elapsed).toBe(4000)
  })

  it('takes sets, semaphores and external limits', async () => {
    const semaphore = new Semaphore(1)
    const set = limits([resourceLimit({ key: 'db', capacity: 1 })])
    let released = 0
    const external = { acquire: async () => ({ release: () => (released += 1) }) }
    const pool = limitPool([set, semaphore, external])
    const permits = [await pool.acquire(), await pool.acquire(), await pool.acquire()]
    expect([set.stats().db?.used, semaphore.available]).toEqual([1, 0])
    expect(pool.stats()).toEqual([set.stats(), undefined, undefined])
    expect(() => permits[1]?.update({ db: 1 })).toThrow(RangeError)
    for (const permit of permits) permit.release()
    expect([set.stats().db?.used, semaphore.available, released]).toEqual([0, 1, 1])
  })

  it('refuses wrong members, orders and amounts', () => {
    expect(() => limitPool([])).toThrow(RangeError)
    expect(() => limitPool([{} as never])).toThrow(TypeError)
    expect(() => limitPool(accounts(), 'best' as never)).toThrow("'round-robin', 'random'")
    expect(() => limitPool(accounts()).acquire({ acount: 1 })).toThrow('"account"')
    expect(() => limitPool(accounts()).acquire({ account: 3 })).toThrow(RangeError)
  })
})
