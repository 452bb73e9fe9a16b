import { describe, expect, it, onTestFinished } from 'vitest'
import type { SharedLimit } from '../../../src/distributed/limits/types.ts'
import { limitPool, limits, rateLimit, resourceLimit, TaskTimeoutError } from '../../../src/index.ts'
import { type Kind, sharedOf } from './kinds.ts'
import { ownPrefix, SERVERS } from './servers.ts'

const PER = 60_000_000
let names = 0

describe.each(SERVERS)('a limit shared on %s in a set', (_, connection) => {
  const prefix = ownPrefix()

  function open(kind: Kind, capacity: number): SharedLimit {
    const limit = sharedOf(kind, capacity, PER, { connection, prefix, name: `name-${names++}` })
    onTestFinished(() => limit.close())
    return limit
  }

  const local = () => resourceLimit({ key: 'local', capacity: 5 })

  it('is taken by name, and by default as its kind is', async () => {
    const rate = open('sliding-window', 10)
    const calls = open('calls', 10)
    const set = limits([rate, calls, local()])
    const permit = await set.acquire()
    await set.acquire({ units: 4, local: 2 })
    await set.acquire({ calls: 5 }, { only: true })
    expect(set.stats()).toMatchObject({ local: { used: 3 } })
    await rate.acquire({ units: 6 })
    await calls.acquire({ calls: 3 })
    for (const each of [rate, calls]) await expect(each.acquire({}, { timeout: 50 })).rejects.toThrow(TaskTimeoutError)
    permit.update({ calls: 0, local: 0 })
    await calls.acquire()
    expect(set.stats()).toMatchObject({ local: { used: 2 } })
  })

  it('is checked like the others', () => {
    const rate = open('sliding-window', 10)
    const set = limits([rate, local()])
    expect(() => set.acquire({ units: 11 })).toThrow(RangeError)
    expect(() => set.acquire({ other: 1 })).toThrow(RangeError)
    expect(() => set.acquire(null as never)).toThrow(TypeError)
    expect(() => limits([rate, open('gcra', 1)])).toThrow(/"units" twice/)
    expect(() => limits([rate, open('calls', 1)]).tryAcquire()).toThrow(TypeError)
  })

  it('of rates alone is not asked for nothing', () => {
    const rate = open('sliding-window', 10)
    const set = limits([rate, rateLimit({ key: 'local', capacity: 1, per: 1 })])
    expect(() => set.acquire()).toThrow(/such as/)
    expect(() => limits([rate, { acquire: () => ({ release() {} }) }]).acquire()).toThrow(/such as/)
  })

  it('of its own is like itself', async () => {
    const rate = open('sliding-window', 1)
    const set = limits([limits([rate])])
    await set.acquire()
    await expect(rate.acquire({}, { timeout: 50 })).rejects.toThrow(TaskTimeoutError)
  })

  it('goes back when the rest is not to be had, also a rate', async () => {
    const rate = open('sliding-window', 1)
    const rest = local()
    const set = limits([rate, rest])
    await rest.acquire({ local: 5 })
    await expect(set.acquire({ units: 1 }, { timeout: 200 })).rejects.toThrow(TaskTimeoutError)
    await rate.acquire()
  })

  it('or in a pool is asked with the amounts', async () => {
    const rate = open('sliding-window', 3)
    const pool = limitPool([rate])
    await pool.acquire({ units: 2 })
    expect(() => pool.acquire({ units: 4 })).toThrow(RangeError)
    await rate.acquire()
    await expect(rate.acquire({}, { timeout: 50 })).rejects.toThrow(TaskTimeoutError)
  })
})
