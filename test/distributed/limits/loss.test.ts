import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { ConnectionError } from '../../../src/connection/errors.ts'
import type { SharedLimit, SharedLimitOptions } from '../../../src/distributed/limits/types.ts'
import { TaskTimeoutError } from '../../../src/index.ts'
import { until } from '../../harness.ts'
import { failureOf } from '../../work.ts'
import { KINDS, type Kind, keyOf, RATES, sharedOf } from './kinds.ts'
import { proxyTo } from './proxy.ts'
import { entriesUnder, ownPrefix, SERVERS } from './servers.ts'

const PER = 60_000_000
let names = 0

afterEach(() => vi.restoreAllMocks())

function open(kind: Kind, capacity: number, options: Omit<SharedLimitOptions, 'name'> & { name?: string }) {
  const limit: SharedLimit = sharedOf(kind, capacity, PER, { name: `loss-${names++}`, ...options })
  onTestFinished(() => limit.close())
  return limit
}

describe.each(SERVERS)('a shared limit whose %s is gone', (_, url) => {
  const prefix = ownPrefix()

  it.each(KINDS)('is granted when the server is back: %s', async kind => {
    const proxy = await proxyTo(url)
    const limit = open(kind, 2, { connection: proxy.url, prefix })
    await limit.acquire()
    await proxy.cut()
    const waiting = limit.acquire()
    await expect(limit.acquire({}, { timeout: 300 })).rejects.toThrow(TaskTimeoutError)
    await proxy.mend()
    await waiting
  })

  it.each(['resource', 'sliding-window'] as const)('is taken once though the answer was lost: %s', async kind => {
    const own = `${prefix}-once-${kind}`
    const proxy = await proxyTo(url)
    const limit = open(kind, 3, { connection: proxy.url, prefix: own })
    await limit.acquire()
    proxy.swallow()
    const waiting = limit.acquire()
    await until(async () => (await entriesUnder(url, own)) === 2)
    await proxy.cut()
    await proxy.mend()
    await waiting
    const other = open(kind, 3, { connection: url, prefix: own, name: limit.name })
    await other.acquire()
    await expect(other.acquire({}, { timeout: 50 })).rejects.toThrow(TaskTimeoutError)
  })

  it('gets a resource back that was released meanwhile, when the server is back', async () => {
    const report = vi.spyOn(console, 'error')
    const proxy = await proxyTo(url)
    const limit = open('resource', 2, { connection: proxy.url, prefix })
    const permits = [await limit.acquire(), await limit.acquire()]
    await proxy.cut()
    await Promise.all(permits.map(permit => permit[Symbol.asyncDispose]()))
    await proxy.mend()
    await open('resource', 2, { connection: url, prefix, name: limit.name }).acquire({ units: 2 })
    expect(report).not.toHaveBeenCalled()
  })

  it.each(RATES)('says so when it could not be told what was not needed, and hides no error: %s', async kind => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {})
    const proxy = await proxyTo(url)
    const limit = open(kind, 1, { connection: proxy.url, prefix })
    const mine = new Error('mine')
    const work = async () => {
      await using permit = await limit.acquire()
      await proxy.cut()
      permit.update({ [keyOf(kind)]: 0 })
      throw mine
    }
    expect(await failureOf(work())).toBe(mine)
    expect(report).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(limit.name), expect.anything())
  })

  it('is taken for lost when it answers no more, and found again', async () => {
    const proxy = await proxyTo(url)
    const limit = open('resource', 2, { connection: proxy.url, prefix, connectTimeout: 3_000 })
    await limit.acquire()
    proxy.swallow()
    await limit.acquire()
  })

  it('from the beginning rejects for all who wait, in time and with a reason; and is tried anew by the next', async () => {
    const proxy = await proxyTo(url)
    await proxy.cut()
    const limit = open('resource', 2, { connection: proxy.url, prefix, connectTimeout: 3_000 })
    const failures = await Promise.all([limit.acquire(), limit.acquire()].map(failureOf))
    expect(failures[0]).toBeInstanceOf(ConnectionError)
    expect(failures[1]).toBe(failures[0])
    expect(String(failures[0])).toMatch(/within 3000 ms.*ECONNREFUSED/)
    await proxy.mend()
    await limit.acquire()
  })

  it('can be closed while it waits for it', async () => {
    const proxy = await proxyTo(url)
    await proxy.cut()
    const limit = open('resource', 2, { connection: proxy.url, prefix, connectTimeout: 600_000 })
    const waiting = failureOf(limit.acquire())
    await limit.close()
    expect(await waiting).toBeInstanceOf(ConnectionError)
    await proxy.mend()
  })

  it.each(['idle', 'holding', 'waited in vain'])('or unused keeps no process alive: %s', async state => {
    const script = fileURLToPath(new URL('leaves-open.ts', import.meta.url))
    const child = spawn(process.execPath, [script, url, prefix, state], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const said = child.stdout.setEncoding('utf8').toArray()
    expect(await once(child, 'close')).toEqual([0, null])
    expect((await said).join('')).toBe('through\n')
  })
})
