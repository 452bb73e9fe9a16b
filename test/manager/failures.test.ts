import { ensure } from 'effection'
import { describe, expect, it, vi } from 'vitest'
import { TaskManager, type TaskRecord } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { failureOf, forever } from '../work.ts'

/** A manager that keeps what it tells `onError`. */
async function telling() {
  const told: [unknown, TaskRecord][] = []
  const manager = await TaskManager.start({ onError: (error, record) => told.push([error, record]) })
  return { manager, told }
}

describe('a failure that nobody observed', () => {
  it('goes once to onError, with the record', async () => {
    const { manager, told } = await telling()
    const error = new Error('broken')
    manager.spawn(() => Promise.reject(error), { name: 'fetch' })
    await manager.drain()
    await manager.close()
    await settle()
    expect(told).toHaveLength(1)
    expect(told[0]?.[0]).toBe(error)
    expect(told[0]?.[1]).toMatchObject({ name: 'fetch', status: 'failed', error })
  })

  it('goes to the logger where there is no onError', async () => {
    const logger = { error: vi.fn() }
    const manager = await TaskManager.start({ logger })
    const error = new Error('broken')
    manager.spawn(() => Promise.reject(error), { name: 'fetch' })
    await manager.drain()
    expect(logger.error.mock.calls).toEqual([[error, 'task 1 "fetch" failed and nobody observed it: broken']])
  })

  it('goes to onError alone where both are given', async () => {
    const logger = { error: vi.fn() }
    const onError = vi.fn()
    const manager = await TaskManager.start({ logger, onError })
    manager.spawn(() => Promise.reject('no'))
    await manager.drain()
    expect(onError).toHaveBeenCalledOnce()
    expect(logger.error).not.toHaveBeenCalled()
  })

  it('goes to console.error by default', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    try {
      const manager = await TaskManager.start()
      manager.spawn(() => Promise.reject(new Error('broken')))
      await manager.drain()
      expect(error).toHaveBeenCalledOnce()
      expect(error.mock.calls[0]?.[0]).toContain('task 1 failed')
    } finally {
      error.mockRestore()
    }
  })

  it('goes nowhere with logger: false', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    try {
      const manager = await TaskManager.start({ logger: false })
      manager.spawn(() => Promise.reject('no'))
      await manager.drain()
      expect(error).not.toHaveBeenCalled()
    } finally {
      error.mockRestore()
    }
  })

  it.each([undefined, null, 'text'])('is told as it was thrown: %j', async thrown => {
    const { manager, told } = await telling()
    manager.spawn(() => Promise.reject(thrown))
    await manager.drain()
    expect(told.map(([error]) => error)).toEqual([thrown])
  })

  it('reaches a logger that wants an object as one, whatever was thrown', async () => {
    const logger = { error: vi.fn() }
    const manager = await TaskManager.start({ logger })
    manager.spawn(() => Promise.reject('text'))
    await manager.drain()
    expect(logger.error.mock.calls[0]?.[0]).toEqual({ error: 'text' })
  })

  it('is each told, when several happen at once', async () => {
    const { manager, told } = await telling()
    for (const n of [1, 2, 3]) manager.spawn(() => Promise.reject(n))
    await manager.drain()
    expect(told.map(([error]) => error)).toEqual([1, 2, 3])
  })
})

describe('a failure counts as observed', () => {
  it.each<[string, (handle: Promise<unknown>) => unknown]>([
    ['await', handle => failureOf(handle)],
    ['then', handle => handle.then(undefined, () => {})],
    ['catch', handle => handle.catch(() => {})],
    ['finally', handle => handle.finally(() => {}).catch(() => {})],
    ['Promise.all', handle => failureOf(Promise.all([handle]))],
    ['Promise.allSettled', handle => Promise.allSettled([handle])],
    ['Promise.race', handle => failureOf(Promise.race([handle]))],
  ])('by %s before the end', async (_, observe) => {
    const { manager, told } = await telling()
    observe(manager.spawn(() => Promise.reject('no')))
    await manager.drain()
    await settle()
    expect(told).toEqual([])
  })

  it('by an operation that waits for it', async () => {
    const { manager, told } = await telling()
    const failing = manager.spawn(() => Promise.reject('no'))
    await manager.spawn(function* () {
      try {
        yield* failing
      } catch {}
    })
    await manager.drain()
    expect(told).toEqual([])
  })

  it('not by looking at it otherwise', async () => {
    const { manager, told } = await telling()
    const handle = manager.spawn(() => Promise.reject('no'))
    expect([handle.status, handle.done(), handle.id]).toEqual(['pending', false, 1])
    handle.record()
    handle.accepted.catch(() => {})
    await manager.drain()
    expect(told).toHaveLength(1)
  })
})

describe('what is no failure', () => {
  it('a cancel is told to nobody', async () => {
    const { manager, told } = await telling()
    const running = manager.spawn(forever)
    await settle()
    running.cancel()
    manager.spawn(forever).cancel()
    await settle()
    expect(told).toEqual([])
  })
})

describe('onError that throws', () => {
  it('changes nothing, and both errors go to the logger', async () => {
    const logger = { error: vi.fn() }
    const thrown = new Error('onError is broken')
    const manager = await TaskManager.start({
      logger,
      onError() {
        throw thrown
      },
    })
    const error = new Error('broken')
    manager.spawn(() => Promise.reject(error))
    manager.spawn(() => Promise.reject(error))
    expect(await manager.spawn(() => 'fine')).toBe('fine')
    await manager.drain()
    expect(logger.error.mock.calls.map(([each]) => each)).toEqual([error, thrown, error, thrown])
  })
})

describe('a logger that throws', () => {
  it('changes nothing', async () => {
    const error = vi.fn(() => {
      throw new Error('the disk is full')
    })
    const manager = await TaskManager.start({ logger: { error } })
    manager.spawn(() => Promise.reject('no'))
    manager.on('failed', () => {
      throw new Error('a listener broke')
    })
    await manager.drain()
    await settle()
    expect(error).toHaveBeenCalledTimes(2)
    expect(await manager.spawn(() => 'fine')).toBe('fine')
  })
})

describe('onError that uses the manager', () => {
  it('may spawn', async () => {
    const ran: string[] = []
    const manager: TaskManager = await TaskManager.start({
      onError: () => void manager.spawn(() => ran.push('repaired')),
    })
    manager.spawn(() => Promise.reject('no'))
    await manager.drain()
    await settle()
    expect(ran).toEqual(['repaired'])
  })
})

describe('a cleanup error beside a body error', () => {
  it('is told even to those whose handle is observed, for no handle can carry it', async () => {
    const { manager, told } = await telling()
    const handle = manager.spawn(function* () {
      yield* ensure(() => {
        throw 'dirty'
      })
      throw 'broken'
    })
    expect(await failureOf(handle)).toBe('broken')
    await settle()
    expect(told.map(([error]) => error)).toEqual(['dirty'])
  })
})
