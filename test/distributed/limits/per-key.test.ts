import { describe, expect, it } from 'vitest'
import { shared } from '../../../src/distributed/limits/shared.ts'
import type { SharedLimit } from '../../../src/distributed/limits/types.ts'
import { type LimitPerKey, perKey, resourceLimit, TaskManager, TaskTimeoutError } from '../../../src/index.ts'
import { settle } from '../../../src/testing.ts'
import { until } from '../../harness.ts'
import { failureOf } from '../../work.ts'
import { ownPrefix, SERVERS } from './servers.ts'

type SharedPerKey = LimitPerKey<string, SharedLimit>

async function takeTurns(one: SharedPerKey, other: SharedPerKey): Promise<void> {
  const permit = await one('a').acquire()
  expect(await failureOf(other('a').acquire({}, { timeout: 50 }))).toBeInstanceOf(TaskTimeoutError)
  const elsewhere = await other('b').acquire()
  permit.release()
  const next = await other('a').acquire()
  expect(await failureOf(one('a').acquire({}, { timeout: 50 }))).toBeInstanceOf(TaskTimeoutError)
  for (const each of [next, elsewhere]) each.release()
}

describe.each(SERVERS)('limits per key that are shared on %s', (_, connection) => {
  const prefix = ownPrefix()
  /** What each machine has. */
  const machine = () =>
    perKey((name: string) => shared(resourceLimit({ key: 'held', capacity: 1 }), { connection, prefix, name }))

  it('are one for each key on all machines, and are dropped when they are idle', async () => {
    const [one, other] = [machine(), machine()]
    // In a function of its own, of which no variable is left.
    await takeTurns(one, other)
    await until(async () => {
      await settle()
      globalThis.gc?.()
      return one.size + other.size === 0
    })
    ;(await one('a').acquire()).release()
  })

  it('limit the items of a map', async () => {
    await using manager = await TaskManager.start(10)
    const perHost = machine()
    const busy = new Set<string>()
    const visit = async (url: string) => {
      const host = url.slice(0, 1)
      expect(busy.has(host)).toBe(false)
      busy.add(host)
      await settle()
      busy.delete(host)
      return url
    }
    const urls = ['a1', 'a2', 'b1', 'b2']
    expect(await manager.map(urls, visit, { limits: url => perHost(`map-${url.slice(0, 1)}`) }).toArray()).toEqual(urls)
  })
})
