import { describe, expect, it } from 'vitest'
import { DeadlockError, TaskManager } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, failureOf, untilAborted } from '../work.ts'
import { within } from './within.ts'

describe('drain', () => {
  it('of an idle manager resolves at once', async () => {
    const elapsed = await within({}, manager => manager.drain())
    expect(elapsed).toBe(0)
  })

  it('waits until nothing is pending or running', async () => {
    const elapsed = await within({ maxTasks: 2 }, async manager => {
      for (let n = 0; n < 5; n += 1) manager.spawn(() => delay(10))
      await manager.drain()
      expect(manager.stats()).toMatchObject({ pending: 0, running: 0, done: 5 })
    })
    expect(elapsed).toBe(30)
  })

  it('waits for tasks spawned meanwhile, by tasks and by others', async () => {
    const elapsed = await within({}, async manager => {
      manager.spawn(async () => {
        await delay(10)
        manager.spawn(async () => {
          await delay(10)
          manager.spawn(() => delay(10))
        })
      })
      const draining = manager.drain()
      await delay(5)
      manager.spawn(() => delay(50))
      await draining
      expect(manager.stats().done).toBe(4)
    })
    expect(elapsed).toBe(55)
  })

  it('waits for one spawned by the code that awaited the last', async () => {
    await within({}, async manager => {
      const last = manager.spawn(() => delay(10))
      last.then(() => manager.spawn(() => delay(10)))
      await manager.drain()
      expect(manager.stats().done).toBe(2)
    })
  })

  it('waits for work that is being stopped', async () => {
    const elapsed = await within({}, async manager => {
      const handle = manager.spawn(({ signal }) => untilAborted(signal, 100))
      await settle()
      handle.cancel()
      await manager.drain()
      expect(handle.status).toBe('cancelled')
    })
    expect(elapsed).toBe(100)
  })

  it('resolves although tasks failed, once their failures are told', async () => {
    const told: unknown[] = []
    await within({ onError: error => told.push(error) }, async manager => {
      manager.spawn(() => Promise.reject('no'))
      await manager.drain()
      expect(told).toEqual(['no'])
    })
  })

  it('leaves the manager open', async () => {
    const manager = await TaskManager.start()
    await manager.drain()
    expect(await manager.spawn(() => 1)).toBe(1)
    await manager.drain()
  })

  it('lets every one of several go', async () => {
    await within({}, async manager => {
      manager.spawn(() => delay(10))
      await Promise.all([manager.drain(), manager.drain(), manager.drain()])
    })
  })
})

describe('drain inside a task', () => {
  it('rejects with DeadlockError', async () => {
    await within({}, async manager => {
      const handle = manager.spawn(() => manager.drain(), { name: 'janitor' })
      const error = await failureOf(handle)
      expect(error).toBeInstanceOf(DeadlockError)
      expect(error).toHaveProperty('message', expect.stringContaining('janitor'))
    })
  })

  it('rejects for a task of another manager that the first waits for', async () => {
    await within({}, async manager => {
      const inner = await TaskManager.start({ logger: false })
      const outer = manager.spawn(async () => await inner.spawn(() => manager.drain()))
      expect(await failureOf(outer)).toBeInstanceOf(DeadlockError)
    })
  })

  it('of another manager is fine', async () => {
    await within({}, async manager => {
      const other = await TaskManager.start()
      other.spawn(() => delay(10))
      const handle = manager.spawn(async () => {
        await other.drain()
        return other.stats().done
      })
      expect(await handle).toBe(1)
    })
  })
})
