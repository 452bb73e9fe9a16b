import { describe, expect, it, vi } from 'vitest'
import { ManagerClosedError, TaskManager, wait } from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'
import { within } from '../manager/within.ts'
import { delay, failureOf, forever, untilAborted } from '../work.ts'

/** Work that notes how many run at the same time. */
function gauge(milliseconds: number) {
  const seen = { running: 0, most: 0 }
  const work = async () => {
    seen.most = Math.max(seen.most, ++seen.running)
    await delay(milliseconds)
    seen.running -= 1
  }
  return { seen, work }
}

describe('system C, escudeiro TaskManager', () => {
  it('runs 35 tasks at a time and gives them 10 seconds to close, if nothing is said', async () => {
    const elapsed = await within({}, async manager => {
      const { seen, work } = gauge(100)
      for (let n = 0; n < 100; n += 1) manager.spawn(work)
      await manager.drain()
      expect(seen.most).toBe(35)
      manager.spawn(({ signal }) => untilAborted(signal))
      await manager.close()
    })
    expect(elapsed).toBe(300 + 10_000)
  })

  it('is started by an await', async () => {
    expect(await TaskManager.start()).toBeInstanceOf(TaskManager)
  })

  it('spawns at once and never blocks, however much there is to do', async () => {
    await within({ maxTasks: 1 }, async manager => {
      const handles = Array.from({ length: 1_000 }, () => manager.spawn(forever))
      expect(handles.every(handle => handle.status === 'pending')).toBe(true)
      await manager.close({ timeout: 0 })
    })
  })

  it('is drained, and closed as often as you like', async () => {
    await within({}, async manager => {
      manager.spawn(() => delay(10))
      await manager.drain()
      const report = await manager.close()
      expect(await manager.close()).toEqual(report)
      expect(() => manager.spawn(() => 1)).toThrow(ManagerClosedError)
    })
  })

  it('is a context manager', async () => {
    const { value } = await autojump(async () => {
      const done = vi.fn()
      {
        await using manager = await TaskManager.start()
        manager.spawn(() => delay(10).then(done))
      }
      return done.mock.calls.length
    })
    expect(value).toBe(1)
  })

  it('tracks its tasks by their ids', async () => {
    await within({}, async manager => {
      const handle = manager.spawn(() => delay(10))
      expect(manager.get(handle.id)).toBe(handle)
      expect(manager.get(handle.id + 1)).toBeUndefined()
      await handle
      expect(manager.get(handle.id)).toBeUndefined()
    })
  })

  it('logs exceptions, which never stop it', async () => {
    const logger = { error: vi.fn() }
    await within({ logger }, async manager => {
      for (let n = 0; n < 50; n += 1) manager.spawn(() => Promise.reject(new Error(`${n}`)))
      await manager.drain()
      expect(await manager.spawn(() => 'still here')).toBe('still here')
    })
    expect(logger.error).toHaveBeenCalledTimes(50)
  })
})

describe('system C must not', () => {
  it.each([
    ['draining', (manager: TaskManager) => manager.drain()],
    ['closing', (manager: TaskManager) => manager.close()],
    ['disposing', (manager: TaskManager) => manager[Symbol.asyncDispose]()],
  ])('ignore its limit while %s (2 became 7)', async (_, end) => {
    const elapsed = await within({ maxTasks: 2 }, async manager => {
      const { seen, work } = gauge(100)
      for (let n = 0; n < 7; n += 1) manager.spawn(work)
      await settle()
      await end(manager)
      expect(seen).toEqual({ running: 0, most: 2 })
      expect(manager.stats()).toMatchObject({ done: 7 })
    })
    expect(elapsed).toBe(400)
  })

  it('lose a task between the queue and its slot when the close times out', async () => {
    // The close comes at every possible moment around the one in which the slot is freed and taken.
    for (let moment = 0; moment < 20; moment += 1) {
      await within({ maxTasks: 1 }, async manager => {
        const handles = [1, 2, 3].map(n => manager.spawn(({ signal }) => (n === 1 ? delay(10) : untilAborted(signal))))
        const settled = Promise.allSettled(handles)
        await delay(10)
        for (let turn = 0; turn < moment; turn += 1) await Promise.resolve()
        const report = await manager.close({ timeout: 0 })
        expect(handles.map(handle => handle.done())).toEqual([true, true, true])
        expect(await settled).toHaveLength(3)
        const { done, failed, cancelled } = report
        expect(done + failed + cancelled).toBe(3)
      })
    }
  })

  it('give each batch of tasks the time to close anew', async () => {
    const elapsed = await within({ maxTasks: 2, closeTimeout: 250, cleanupTimeout: 40 }, async manager => {
      for (let n = 0; n < 20; n += 1)
        manager.spawn(({ signal }) => Promise.race([delay(100), untilAborted(signal, 30)]))
      const report = await manager.close()
      expect(report).toMatchObject({ done: 4, cancelled: 16 })
      expect(report.neverStarted).toHaveLength(14)
    })
    expect(elapsed).toBe(280)
  })

  it('say that it is empty while work goes on', async () => {
    await within({ maxTasks: 1, cleanupTimeout: 50 }, async manager => {
      let working = true
      const running = manager.spawn(async ({ signal }) => {
        await untilAborted(signal, 20).catch(() => {})
        working = false
        throw signal.reason
      })
      await settle()
      const drained = manager.drain().then(() => working)
      running.cancel()
      expect(manager.stats()).toMatchObject({ stopping: 1, running: 0 })
      expect(await drained).toBe(false)
      const deaf = manager.spawn(() => delay(30).then(() => 'stopped'))
      await settle()
      const start = performance.now()
      deaf.cancel()
      await manager.drain()
      expect(performance.now() - start).toBe(30)
    })
  })

  it('be drained between a task and the one that it spawns', async () => {
    await within({}, async manager => {
      const depth = 10
      let deepest = 0
      const nest = async (level: number): Promise<void> => {
        await delay(1)
        deepest = level
        if (level < depth) manager.spawn(() => nest(level + 1))
      }
      manager.spawn(() => nest(1))
      await manager.drain()
      expect(deepest).toBe(depth)
    })
  })

  it('cancel results by waiting for them with a timeout', async () => {
    await within({}, async manager => {
      const handles = [10, 100, 200].map(ms => manager.spawn(() => delay(ms, ms)))
      const { done, pending } = await wait(handles, { timeout: 50 })
      expect([done.length, pending.length]).toEqual([1, 2])
      expect(await failureOf(handles[1]!.wait({ timeout: 10 }))).toMatchObject({ code: 'ERR_TASK_TIMEOUT' })
      expect(handles.map(handle => handle.status)).toEqual(['done', 'running', 'running'])
      expect(await Promise.all(handles)).toEqual([10, 100, 200])
    })
  })
})
