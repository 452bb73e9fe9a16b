import { afterEach, describe, expect, it } from 'vitest'
import { WorkerCrashedError } from '../../../src/base/errors.ts'
import { startProcessHost } from '../../../src/worker/parent/process-host.ts'
import { startThreadHost } from '../../../src/worker/parent/thread-host.ts'
import type { PoolOptions } from '../../../src/worker/pool/pool-options.ts'
import { WorkerPool } from '../../../src/worker/pool/worker-pool.ts'
import { until } from '../../harness.ts'
import { failure, run, runUntilProgress } from '../host/hosts.ts'
import { startFixture } from '../host/processes.ts'

const KINDS = [
  ['threads', startThreadHost],
  ['processes', startProcessHost],
] as const

const pools = new Set<WorkerPool>()

afterEach(async () => {
  await Promise.all([...pools].map(pool => pool.stop()))
  pools.clear()
})

describe.each(KINDS)('a pool of %s', (kind, start) => {
  const startPool = (options: PoolOptions) => {
    const pool = new WorkerPool(start, options)
    pools.add(pool)
    return pool
  }

  it('runs as many calls at once as it has workers', async () => {
    const pool = startPool({ maxWorkers: 2 })
    const both = Promise.withResolvers<string>()
    let asked = 0
    const onRequest = async () => {
      asked += 1
      if (asked === 2) both.resolve('both ask')
      return both.promise
    }
    const calls = [1, 2].map(() => run(pool, 'ask', [], { onRequest }))
    expect(await Promise.all(calls)).toEqual(['both ask', 'both ask'])
    expect(pool.stats()).toEqual({ workers: 2, active: 0, dispatched: 2, crashed: 0, recycled: 0 })
  })

  it('replaces a worker that had to be ended, while the other call goes on', async () => {
    const pool = startPool({ maxWorkers: 2 })
    const controller = new AbortController()
    const ended = Promise.withResolvers<undefined>()
    const hot = runUntilProgress(pool, 'hotLoop', [], { signal: controller.signal, cleanupTimeout: 0 })
    const stopped = failure(hot.outcome).finally(() => ended.resolve(undefined))
    const other = runUntilProgress(pool, 'readsTheSignalLate', [], { onRequest: () => ended.promise })
    await Promise.all([hot.running, other.running])
    const next = run(pool, 'add', [1, 2])
    controller.abort('enough')
    expect(await stopped).toBe('enough')
    expect(await other.outcome).toBe(false)
    expect(await next).toBe(3)
    expect(pool.stats().crashed).toBe(0)
  })

  it('goes on after a crash, and gives up after too many', async () => {
    const pool = startPool({ maxWorkers: 1, maxCrashes: 1 })
    const crashed = failure(run(pool, 'exit', [5]))
    expect(await run(pool, 'add', [1, 2])).toBe(3)
    expect(await crashed).toMatchObject({ exitCode: 5 })
    const last = failure(run(pool, 'exit', [6]))
    const waiting = failure(run(pool, 'add', [1, 2]))
    expect(await last).toMatchObject({ exitCode: 6 })
    const given = await waiting
    expect(given).toBeInstanceOf(WorkerCrashedError)
    expect(given).toMatchObject({ exitCode: 6, message: expect.stringContaining('maxCrashes: 1') })
  })

  it('has a fresh worker for each call when they are on demand', async () => {
    const pool = startPool({ maxWorkers: 2, onDemand: true })
    const loads = await Promise.all([1, 2, 3, 4].map(() => run(pool, 'whichLoad')))
    expect(new Set(loads).size).toBe(4)
  })

  it('replaces a worker that holds too much', async () => {
    const pool = startPool({ maxWorkers: 1, recycleAfter: { megabytes: 300 } })
    const before = await run(pool, 'whichLoad')
    await run(pool, 'hold', [400])
    await until(() => pool.stats().recycled === 1)
    expect(await run(pool, 'whichLoad')).not.toBe(before)
  })

  it('lets this process exit when it is idle', async () => {
    const { output, ended } = startFixture('idle-pool', [kind])
    expect(await ended).toEqual({ exitCode: 0, signal: null })
    expect(output).toEqual({ stdout: '[ 2, 4, 6 ]\n', stderr: '' })
  })
})
