import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { SharedLimit, SharedLimitOptions } from '../../../src/distributed/limits/types.ts'
import { TaskTimeoutError } from '../../../src/index.ts'
import { until } from '../../harness.ts'
import { sharedOf } from './kinds.ts'
import { machines, nextOf } from './machines.ts'
import { serverClock } from './server-clock.ts'
import { entriesUnder, forget, ownPrefix, SERVERS } from './servers.ts'

const LEASE = 4_000

describe.each(SERVERS)('what a machine holds, counted on %s', (_, url) => {
  const prefix = ownPrefix()

  function open(name: string, options: Partial<SharedLimitOptions> = {}): SharedLimit {
    const limit = sharedOf('resource', 3, 1, { connection: url, prefix, name, lease: LEASE, ...options })
    onTestFinished(() => limit.close())
    return limit
  }

  /** A process that holds all of it, since not before `asked`. */
  async function holder(name: string) {
    const rule = { kind: 'resource', capacity: 3, per: 1, lease: LEASE, skew: 0 } as const
    const [child] = await machines({ url, prefix, name, ...rule, loops: [[2], [1]], hold: null })
    if (child === undefined) throw new Error('no machine')
    const taken = await nextOf(child, 2)
    return { child, asked: Math.max(...taken.map(({ asked }) => asked)) }
  }

  it('comes back when its lease ends after it was killed, and not before', async () => {
    const { child, asked } = await holder('killed')
    child.kill('SIGKILL')
    await open('killed').acquire({ units: 3 })
    await using clock = await serverClock(url)
    expect(await clock.now()).toBeGreaterThan(asked + LEASE)
  })

  it('stays with it for longer than the lease while it lives', async () => {
    await holder('living')
    await expect(open('living').acquire({}, { timeout: 1.5 * LEASE })).rejects.toThrow(TaskTimeoutError)
  })

  it('stays with it at its updated amount', async () => {
    const permit = await open('updated').acquire({ units: 3 })
    permit.update({ units: 1 })
    const other = open('updated')
    await expect(other.acquire({ units: 3 }, { timeout: 1.5 * LEASE })).rejects.toThrow(TaskTimeoutError)
    await other.acquire({ units: 2 })
    await permit[Symbol.asyncDispose]()
    await other.acquire()
  })

  it('is written down again when the server has lost it', async () => {
    const own = `${prefix}-lost`
    const permit = await open('lost', { prefix: own }).acquire({ units: 3 })
    await forget(url, own)
    await until(async () => (await entriesUnder(url, own)) === 1)
    const other = open('lost', { prefix: own })
    await expect(other.acquire({}, { timeout: 100 })).rejects.toThrow(TaskTimeoutError)
    await permit[Symbol.asyncDispose]()
    await other.acquire({ units: 3 })
  })

  it('is lost to a machine that froze for longer, whose release then takes nothing from others', async () => {
    const { child } = await holder('frozen')
    child.kill('SIGSTOP')
    const limit = open('frozen')
    await limit.acquire({ units: 3 })
    child.kill('SIGCONT')
    child.send('release')
    await once(child, 'close')
    await expect(limit.acquire({}, { timeout: 0.5 * LEASE })).rejects.toThrow(TaskTimeoutError)
  })
})
