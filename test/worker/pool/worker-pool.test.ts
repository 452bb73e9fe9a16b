import { describe, expect, it } from 'vitest'
import { ManagerClosedError, TaskCancelledError, WorkerCrashedError } from '../../../src/base/errors.ts'
import { WorkerPool } from '../../../src/worker/pool/worker-pool.ts'
import { autojump, settle } from '../../harness.ts'
import { gatedPool } from './gated-pool.ts'

const error = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it did not fail'),
    thrown => thrown,
  )

describe('a call', () => {
  it('starts a worker when there is none, and waits until that is ready', async () => {
    const { call, hosts, running, ready } = gatedPool()
    const outcome = call(1)
    expect(running()).toEqual([[]])
    await ready()
    expect(running()).toEqual([[1]])
    hosts[0]?.finish('result')
    expect(await outcome).toBe('result')
  })

  it('goes to a worker that is free, at once', async () => {
    const { call, hosts, running, ready } = gatedPool()
    call(1)
    await ready()
    hosts[0]?.finish()
    await settle()
    call(2)
    expect(running()).toEqual([[2]])
  })

  it('is taken by a worker that becomes free before the one it had started is ready', async () => {
    const { call, hosts, running, ready } = gatedPool()
    call(1)
    await ready()
    call(2)
    expect(hosts.length).toBe(2)
    hosts[0]?.finish()
    await settle()
    expect(running()).toEqual([[2], []])
  })

  it('waits its turn: first come, first served', async () => {
    const { call, hosts, running, ready } = gatedPool({ maxWorkers: 1 })
    for (const id of [1, 2, 3]) call(id)
    await ready()
    hosts[0]?.finish()
    call(4)
    await settle()
    expect(running()).toEqual([[2]])
    hosts[0]?.finish()
    await settle()
    hosts[0]?.finish()
    await settle()
    expect(running()).toEqual([[4]])
  })

  it('does not go to a worker that may have to be ended for a call that was told to stop', async () => {
    const { call, hosts, running, ready } = gatedPool({ maxWorkers: 1, concurrencyPerWorker: 3 })
    const controller = new AbortController()
    call(1, controller.signal)
    await ready()
    call(2)
    controller.abort()
    const [direct, waiting] = [call(3), call(4)]
    expect(running()).toEqual([[1, 2]])
    hosts[0]?.fail(controller.signal.reason)
    await settle()
    expect(running()).toEqual([[2, 3, 4]])
    for (const result of ['two', 'three', 'four']) hosts[0]?.finish(result)
    expect(await Promise.all([direct, waiting])).toEqual(['three', 'four'])
  })

  it('goes to another worker, started for it, when the only one may have to be ended', async () => {
    const { call, running, ready } = gatedPool({ concurrencyPerWorker: 2 })
    const controller = new AbortController()
    call(1, controller.signal)
    await ready()
    controller.abort()
    call(2)
    await ready()
    expect(running()).toEqual([[1], [2]])
  })

  it('leaves the line at once when it is aborted there', async () => {
    const { call, hosts, running, ready } = gatedPool({ maxWorkers: 1 })
    call(1)
    await ready()
    const controller = new AbortController()
    const second = call(2, controller.signal)
    call(3)
    const reason = new Error('not needed')
    controller.abort(reason)
    expect(await error(second)).toBe(reason)
    hosts[0]?.finish()
    await settle()
    expect(running()).toEqual([[3]])
  })

  it('is refused when it was aborted before', async () => {
    const { call, hosts } = gatedPool()
    expect(await error(call(1, AbortSignal.abort('before')))).toBe('before')
    expect(hosts).toEqual([])
  })

  it('fails as it failed in the worker, which takes the next', async () => {
    const { call, hosts, running, ready } = gatedPool({ maxWorkers: 1 })
    const first = call(1)
    call(2)
    await ready()
    const failure = new Error('of the user')
    hosts[0]?.fail(failure)
    expect(await error(first)).toBe(failure)
    await settle()
    expect(running()).toEqual([[2]])
  })

  it('fails when no worker can even be started', async () => {
    const refusal = new Error('no processes left')
    const pool = new WorkerPool(
      () => {
        throw refusal
      },
      { minWorkers: 1, maxWorkers: 1 },
    )
    const call = {
      function: { kind: 'source', source: 'x => x', name: '' },
      args: [],
      task: { id: 1, name: '', attempt: 1 },
    } as const
    const { signal } = new AbortController()
    const options = { signal, cleanupTimeout: 0, onProgress: () => {}, onRequest: async () => undefined }
    expect(await error(pool.call(call, options))).toBe(refusal)
    expect(await error(pool.call(call, options))).toBe(refusal)
    expect(pool.stats().workers).toBe(0)
  })
})

describe('the number of workers', () => {
  it('grows with the calls that wait, up to maxWorkers', async () => {
    const { call, hosts, running, ready } = gatedPool({ maxWorkers: 3 })
    for (const id of [1, 2, 3, 4, 5]) call(id)
    expect(hosts.length).toBe(3)
    await ready()
    expect(running()).toEqual([[1], [2], [3]])
  })

  it('grows by as many as have room for them', async () => {
    const { call, hosts } = gatedPool({ maxWorkers: 4, concurrencyPerWorker: 2 })
    for (const id of [1, 2, 3]) call(id)
    expect(hosts.length).toBe(2)
  })

  it('starts at minWorkers and never falls below it', async () => {
    await autojump(async () => {
      const { pool, hosts, ready } = gatedPool({ minWorkers: 2, maxWorkers: 3, idleTimeout: 10 })
      expect(pool.stats().workers).toBe(2)
      await ready()
      hosts[0]?.crash()
      await settle()
      expect(pool.stats()).toMatchObject({ workers: 2, crashed: 1 })
      await ready()
      await new Promise(resolve => setTimeout(resolve, 1_000))
      expect(pool.stats().workers).toBe(2)
      expect(hosts.map(host => host.gone)).toEqual([true, false, false])
    })
  })

  it('shrinks to minWorkers by those that have been idle for idleTimeout', async () => {
    await autojump(async () => {
      const { pool, call, hosts, ready } = gatedPool({ minWorkers: 1, maxWorkers: 3, idleTimeout: 100 })
      for (const id of [1, 2, 3]) call(id)
      await ready()
      hosts[0]?.finish()
      hosts[1]?.finish()
      await new Promise(resolve => setTimeout(resolve, 60))
      hosts[2]?.finish()
      await new Promise(resolve => setTimeout(resolve, 39))
      expect(pool.stats().workers).toBe(3)
      await new Promise(resolve => setTimeout(resolve, 1))
      await settle()
      expect(pool.stats().workers).toBe(1)
      expect(hosts[2]?.gone).toBe(false)
      await new Promise(resolve => setTimeout(resolve, 1_000))
      expect(pool.stats()).toMatchObject({ workers: 1, crashed: 0 })
    })
  })

  it('counts the time from the last call', async () => {
    await autojump(async () => {
      const { pool, call, hosts, ready } = gatedPool({ maxWorkers: 1, idleTimeout: 100 })
      for (const id of [1, 2]) {
        call(id)
        await ready()
        hosts[0]?.finish()
        await new Promise(resolve => setTimeout(resolve, 80))
      }
      await new Promise(resolve => setTimeout(resolve, 19))
      expect(pool.stats().workers).toBe(1)
      await new Promise(resolve => setTimeout(resolve, 1))
      await settle()
      expect(pool.stats().workers).toBe(0)
    })
  })

  it('does not shrink by those that had a call meanwhile', async () => {
    await autojump(async () => {
      const { pool, call, hosts, ready } = gatedPool({ maxWorkers: 1, idleTimeout: 100 })
      call(1)
      await ready()
      hosts[0]?.finish()
      await new Promise(resolve => setTimeout(resolve, 80))
      call(2)
      await new Promise(resolve => setTimeout(resolve, 80))
      hosts[0]?.finish()
      await new Promise(resolve => setTimeout(resolve, 99))
      expect(pool.stats().workers).toBe(1)
      await new Promise(resolve => setTimeout(resolve, 2))
      await settle()
      expect(pool.stats().workers).toBe(0)
    })
  })
})

describe('a worker that was ended for an aborted call', () => {
  it('is replaced, is no crash, and no other call suffers', async () => {
    const { pool, call, hosts, running, ready } = gatedPool()
    const [first] = [call(1), call(2), call(3)]
    await ready()
    hosts[0]?.endFor('reason')
    expect(await error(first)).toBe('reason')
    await ready()
    expect(running()).toEqual([[2], [3]])
    expect(pool.stats()).toMatchObject({ workers: 2, crashed: 0 })
  })
})

describe('a crash', () => {
  it('is counted, and the worker replaced when it is needed', async () => {
    const { pool, call, hosts, running, ready } = gatedPool({ maxWorkers: 1 })
    const first = call(1)
    call(2)
    await ready()
    hosts[0]?.crash()
    expect(await error(first)).toBeInstanceOf(WorkerCrashedError)
    await ready()
    expect(running()).toEqual([[2]])
    expect(pool.stats()).toMatchObject({ workers: 1, crashed: 1 })
  })

  it('fails the pool when there are more than maxCrashes within a minute', async () => {
    const { pool, call, hosts, running, ready } = gatedPool({ maxCrashes: 1, minWorkers: 2 })
    const outcomes = [1, 2, 3, 4].map(id => call(id))
    await ready()
    hosts[0]?.crash()
    await ready()
    expect(running()).toEqual([[2], [3]])
    const cause = new Error('the last straw')
    hosts[2]?.crash(cause)
    const failed = await error(outcomes[3] as Promise<unknown>)
    expect(failed).toBeInstanceOf(WorkerCrashedError)
    expect(failed.message).toMatch(
      /given up: 2 of its workers crashed within a minute \(maxCrashes: 1\).*the last straw/,
    )
    expect(failed).toMatchObject({ exitCode: 9, cause: { cause } })
    expect(await error(call(5))).toBe(failed)
    hosts[1]?.finish('still fine')
    expect(await outcomes[1]).toBe('still fine')
    expect(pool.stats()).toMatchObject({ workers: 1, crashed: 2 })
  })

  it('is forgotten after a minute', async () => {
    await autojump(async () => {
      const { pool, hosts, ready } = gatedPool({ maxCrashes: 1, minWorkers: 1 })
      for (let crash = 0; crash < 5; crash += 1) {
        await ready()
        hosts.at(-1)?.crash()
        await new Promise(resolve => setTimeout(resolve, 60_000))
      }
      expect(pool.stats()).toMatchObject({ workers: 1, crashed: 5 })
    })
  })

  it('before a worker is ready is one too: no endless starting', async () => {
    const { pool, call, hosts } = gatedPool({ maxCrashes: 3, maxWorkers: 1 })
    const outcome = call(1)
    for (let start = 0; start < 4; start += 1) {
      hosts[start]?.crash()
      await settle()
    }
    expect((await error(outcome)).message).toContain('given up')
    expect(hosts.length).toBe(4)
    expect(pool.stats()).toMatchObject({ workers: 0, crashed: 4 })
  })
})

describe('recycleAfter', () => {
  it('replaces a worker after so many calls', async () => {
    const { pool, call, hosts, running, ready } = gatedPool({ maxWorkers: 1, recycleAfter: { calls: 2 } })
    for (const id of [1, 2, 3]) call(id)
    await ready()
    hosts[0]?.finish()
    await settle()
    hosts[0]?.finish()
    await ready()
    expect(hosts[0]?.gone).toBe(true)
    expect(running()).toEqual([[3]])
    expect(pool.stats()).toMatchObject({ workers: 1, recycled: 1, crashed: 0, dispatched: 3 })
  })

  it('lets the calls end that the worker has', async () => {
    const { call, hosts, running, ready } = gatedPool({
      maxWorkers: 1,
      concurrencyPerWorker: 2,
      recycleAfter: { calls: 2 },
    })
    for (const id of [1, 2, 3]) call(id)
    await ready()
    hosts[0]?.finish()
    await settle()
    expect(running()).toEqual([[2]])
    hosts[0]?.finish()
    await ready()
    expect(running()).toEqual([[3]])
  })

  it('replaces a worker that holds so many megabytes', async () => {
    const { pool, call, hosts, running, ready } = gatedPool({ maxWorkers: 1, recycleAfter: { megabytes: 10 } })
    call(1)
    await ready()
    const host = hosts[0]
    if (host !== undefined) host.bytes = 10 * 1024 * 1024 - 1
    host?.finish()
    await settle()
    call(2)
    expect(running()).toEqual([[2]])
    if (host !== undefined) host.bytes += 1
    host?.finish()
    await settle()
    expect(host?.gone).toBe(true)
    expect(pool.stats()).toMatchObject({ workers: 0, recycled: 1 })
  })
})

describe('onDemand', () => {
  it('starts a worker for each call and ends it with the call', async () => {
    const { pool, call, hosts, running } = gatedPool({ onDemand: true, maxWorkers: 2, recycleAfter: { calls: 1 } })
    const outcomes = [call(1), call(2), call(3)]
    expect(running()).toEqual([[1], [2]])
    hosts[1]?.finish('second')
    expect(await outcomes[1]).toBe('second')
    await settle()
    expect(running()).toEqual([[1], [3]])
    expect(hosts[1]?.gone).toBe(true)
    hosts[0]?.finish()
    hosts[2]?.finish()
    await settle()
    expect(pool.stats()).toEqual({ workers: 0, active: 0, dispatched: 3, crashed: 0, recycled: 0 })
  })
})

describe('onDemand with more than one call a worker', () => {
  it('still gives each call a worker of its own', async () => {
    const { call, running, ready } = gatedPool({ onDemand: true, maxWorkers: 1, concurrencyPerWorker: 2 })
    call(1)
    await ready()
    call(2)
    expect(running()).toEqual([[1]])
  })
})

describe('stop', () => {
  it('ends the workers, rejects what waits, and refuses what comes', async () => {
    const { pool, call, hosts, ready } = gatedPool({ maxWorkers: 1, minWorkers: 1 })
    const [running, waiting] = [call(1), call(2)]
    await ready()
    const stopped = pool.stop()
    expect(await error(waiting as Promise<unknown>)).toBeInstanceOf(TaskCancelledError)
    expect(await error(running as Promise<unknown>)).toBeInstanceOf(WorkerCrashedError)
    await stopped
    expect(hosts.every(host => host.gone)).toBe(true)
    expect(pool.stats()).toMatchObject({ workers: 0, active: 0, crashed: 0 })
    expect(await error(call(3))).toBeInstanceOf(ManagerClosedError)
    await pool.stop()
  })
})

describe('options', () => {
  it.each([
    [{ maxWorkers: 0 }, RangeError],
    [{ maxWorkers: 1.5 }, RangeError],
    [{ minWorkers: 3 }, RangeError],
    [{ minWorkers: 1, onDemand: true }, RangeError],
    [{ idleTimeout: -1 }, RangeError],
    [{ concurrencyPerWorker: '2' }, TypeError],
    [{ loadBalancing: 'fair' }, RangeError],
    [{ recycleAfter: 5 }, TypeError],
    [{ recycleAfter: { calls: 0 } }, RangeError],
    [{ maxCrashes: -1 }, RangeError],
  ])('refuses %j', (options, type) => {
    expect(() => gatedPool(options as never)).toThrow(type)
  })
})
