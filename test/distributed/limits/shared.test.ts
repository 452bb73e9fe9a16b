import { run } from 'effection'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { ConnectionError } from '../../../src/connection/errors.ts'
import type { SharedLimit, SharedLimitOptions } from '../../../src/distributed/limits/types.ts'
import { TaskManager, TaskTimeoutError } from '../../../src/index.ts'
import { failureOf } from '../../work.ts'
import { KINDS, type Kind, keyOf, RATES, sharedOf } from './kinds.ts'
import { entriesUnder, ownPrefix, SERVERS } from './servers.ts'

/** Nothing of a rate comes back within a test, also not the thousandth part. */
const PER = 60_000_000

let names = 0

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe.each(SERVERS)('a limit shared on %s', (_, connection) => {
  const prefix = ownPrefix()

  function open(kind: Kind, capacity: number, options: Partial<SharedLimitOptions> = {}): SharedLimit {
    const limit = sharedOf(kind, capacity, PER, { connection, prefix, name: `name-${names++}`, ...options })
    onTestFinished(() => limit.close())
    return limit
  }

  describe.each(KINDS)('%s', kind => {
    const key = keyOf(kind)

    it('is one for all who use the same name and prefix, and another for others', async () => {
      const one = open(kind, 2)
      const same = open(kind, 2, { name: one.name })
      await one.acquire()
      await same.acquire()
      const full = await failureOf(one.acquire({}, { timeout: 50 }))
      expect(full).toBeInstanceOf(TaskTimeoutError)
      await open(kind, 2).acquire({ [key]: 2 })
      await open(kind, 2, { name: one.name, prefix: `${prefix}-other` }).acquire({ [key]: 2 })
    })

    it('is taken by the amounts that are named, 1 if none is, nothing for zero', async () => {
      const limit = open(kind, 6)
      await limit.acquire()
      await limit.acquire({})
      await limit.acquire({ [key]: 0 })
      await limit.acquire({}, { only: true })
      await limit.acquire({ [key]: 4 })
      await expect(limit.acquire({}, { timeout: 50 })).rejects.toThrow(TaskTimeoutError)
      const nothing = await limit.acquire({ [key]: 0 })
      nothing.release()
      expect(nothing.released).toBe(true)
    })

    it('refuses at the call what could never be granted', async () => {
      const limit = open(kind, 6)
      expect(() => limit.acquire({ [key]: 7 })).toThrow(RangeError)
      expect(() => limit.acquire({ other: 1 })).toThrow(/"other"/)
      expect(() => limit.acquire({ [key]: 1.5 })).toThrow(RangeError)
      expect(() => limit.acquire({ [key]: '1' as never })).toThrow(TypeError)
      expect(() => limit.acquire(null as never)).toThrow(TypeError)
      expect(() => limit.acquire({}, { timeout: -1 })).toThrow(RangeError)
    })

    it('gives back at once what an update says was not needed, and no more than that', async () => {
      const limit = open(kind, 10)
      const permit = await limit.acquire({ [key]: 10 })
      permit.update({ [key]: 7 })
      permit.update({})
      await limit.acquire({ [key]: 3 })
      await expect(limit.acquire({}, { timeout: 50 })).rejects.toThrow(TaskTimeoutError)
      expect(() => permit.update({ [key]: 8 })).toThrow(RangeError)
      expect(() => permit.update({ other: 1 })).toThrow(RangeError)
      expect(() => permit.update(null as never)).toThrow(TypeError)
      permit.update({ [key]: 0 })
      await limit.acquire({ [key]: 7 })
    })

    it('loses nothing that is given back while others take', async () => {
      const one = open(kind, 1_000)
      const all = [one, ...[1, 2, 3].map(() => open(kind, 1_000, { name: one.name }))]
      await Promise.all(
        all.map(async limit => {
          for (let i = 0; i < 25; i++) {
            const permit = await limit.acquire({ [key]: 3 })
            permit.update({ [key]: 2 })
            await permit[Symbol.asyncDispose]()
          }
        }),
      )
      await one.acquire({ [key]: kind === 'resource' ? 1_000 : 800 })
      await expect(one.acquire({}, { timeout: 50 })).rejects.toThrow(TaskTimeoutError)
    })

    it('serves those who wait in one process in the order of the calls', async () => {
      const limit = open(kind, 3)
      const first = await limit.acquire()
      const second = await limit.acquire({ [key]: 2 })
      const order: string[] = []
      const large = limit.acquire({ [key]: 2 }).then(() => order.push('large'))
      const small = limit.acquire({ [key]: 1 }).then(() => order.push('small'))
      first.update({ [key]: 0 })
      second.update({ [key]: 0 })
      await Promise.all([large, small])
      expect(order).toEqual(['large', 'small'])
    })

    it('asks again at once when something comes back in the same process', async () => {
      const limit = open(kind, 1)
      const permit = await limit.acquire()
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const waiting = limit.acquire()
      permit.update({ [key]: 0 })
      await waiting
    })

    it('gives nothing to one who gave up waiting', async () => {
      const limit = open(kind, 3)
      await limit.acquire({ [key]: 2 })
      const controller = new AbortController()
      const waiting = limit.acquire({ [key]: 2 }, { signal: controller.signal })
      const next = limit.acquire()
      controller.abort(new Error('mine'))
      await expect(waiting).rejects.toThrow('mine')
      await next
    })

    it('gives back what was granted while it was being given up', async () => {
      const limit = open(kind, 3)
      await limit.acquire()
      const controller = new AbortController()
      const asked = limit.acquire({ [key]: 2 }, { signal: controller.signal })
      controller.abort(new Error('mine'))
      await expect(asked).rejects.toThrow('mine')
      await limit.acquire({ [key]: 2 })
    })

    it('is asked for by an operation', async () => {
      const limit = open(kind, 1)
      const released = await run(function* () {
        const permit = yield* limit.acquire()
        permit.update({ [key]: 0 })
        return permit.released
      })
      expect(released).toBe(false)
      await limit.acquire()
    })

    it('limits tasks by their cost', async () => {
      const limit = open(kind, 3)
      await using manager = await TaskManager.start()
      const most = { now: 0, ever: 0 }
      const costs = kind === 'resource' ? [2, 3, 1, 2] : [1, 2]
      const tasks = costs.map(cost =>
        manager.spawn(
          async () => {
            most.ever = Math.max(most.ever, (most.now += cost))
            await new Promise(resolve => setImmediate(resolve))
            most.now -= cost
          },
          { limits: limit, cost: { [key]: cost } },
        ),
      )
      expect(() => manager.spawn(() => {}, { limits: limit, cost: { [key]: 4 } })).toThrow(RangeError)
      await Promise.all(tasks)
      expect(most.ever).toBeLessThanOrEqual(3)
      if (kind === 'resource') await limit.acquire({ [key]: 3 })
      else await expect(limit.acquire({}, { timeout: 50 })).rejects.toThrow(TaskTimeoutError)
    })

    it('fails those who wait when it is closed, and those who come later', async () => {
      const limit = open(kind, 1)
      const permit = await limit.acquire()
      const waiting = failureOf(limit.acquire())
      await Promise.all([limit.close(), limit[Symbol.asyncDispose]()])
      expect(await waiting).toBeInstanceOf(ConnectionError)
      await expect(limit.acquire()).rejects.toThrow(ConnectionError)
      const report = vi.spyOn(console, 'error')
      await permit[Symbol.asyncDispose]()
      expect(report).not.toHaveBeenCalled()
    })

    it('has given back what was released before it was closed', async () => {
      const limit = open(kind, 1)
      const permit = await limit.acquire()
      permit.update({ [key]: 0 })
      await limit.close()
      await open(kind, 1, { name: limit.name }).acquire()
    })
  })

  it.each(RATES)('does not get a rate back by a release: %s', async kind => {
    const limit = open(kind, 1)
    const permit = await limit.acquire()
    await permit[Symbol.asyncDispose]()
    expect(() => permit.update({ [keyOf(kind)]: 0 })).toThrow(TypeError)
    await permit[Symbol.asyncDispose]()
    await expect(limit.acquire({}, { timeout: 50 })).rejects.toThrow(TaskTimeoutError)
  })

  it('gets a resource back by its release, once', async () => {
    const limit = open('resource', 2)
    const first = await limit.acquire()
    await limit.acquire()
    await first[Symbol.asyncDispose]()
    first.release()
    expect(() => first.update({ units: 0 })).toThrow(TypeError)
    await first[Symbol.asyncDispose]()
    await limit.acquire()
    await expect(limit.acquire({}, { timeout: 50 })).rejects.toThrow(TaskTimeoutError)
  })

  it('leaves nothing of a resource on the server that nobody holds', async () => {
    const own = `${prefix}-nothing`
    const limit = open('resource', 2, { prefix: own })
    const permit = await limit.acquire()
    expect(await entriesUnder(connection, own)).toBe(1)
    await permit[Symbol.asyncDispose]()
    expect(await entriesUnder(connection, own)).toBe(0)
  })

  it('counts names apart that hardly differ, whatever is in them', async () => {
    for (const name of ["it's", "it''s", 'back\\slash', 'back\\\\slash', '$1', '%', '"quoted"', '{braces}', 'ü']) {
      const limit = open('sliding-window', 1, { name: `${name}-${prefix}` })
      await limit.acquire()
      await expect(limit.acquire({}, { timeout: 50 })).rejects.toThrow(TaskTimeoutError)
    }
  })
})
