import { ensure, sleep, suspend } from 'effection'
import { describe, expect, it, vi } from 'vitest'
import { type CloseReport, ManagerClosedError, TaskManager } from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'
import { delay, failureOf, forever, listening, untilAborted } from '../work.ts'
import { within } from './within.ts'

const EMPTY: CloseReport = { done: 0, failed: 0, cancelled: 0, neverStarted: [], abandoned: [] }

describe('close', () => {
  it('of an idle manager reports at once', async () => {
    const elapsed = await within({}, async manager => {
      expect(await manager.close()).toEqual(EMPTY)
      expect(manager.stats().closed).toBe(true)
    })
    expect(elapsed).toBe(0)
  })

  it('lets pending and running work go on, within maxTasks', async () => {
    const elapsed = await within({ maxTasks: 2 }, async manager => {
      let running = 0
      let most = 0
      for (let n = 0; n < 6; n += 1) {
        manager.spawn(async () => {
          most = Math.max(most, ++running)
          await delay(100)
          running -= 1
        })
      }
      expect(await manager.close()).toEqual({ ...EMPTY, done: 6 })
      expect(most).toBe(2)
    })
    expect(elapsed).toBe(300)
  })

  it('counts what ended before it was called too', async () => {
    await within({}, async manager => {
      await manager.spawn(() => 1)
      await failureOf(manager.spawn(() => Promise.reject('no')))
      await failureOf(manager.spawn(forever, { signal: AbortSignal.abort() }))
      expect(await manager.close()).toMatchObject({ done: 1, failed: 1, cancelled: 1, neverStarted: [] })
    })
  })

  it('cancels at the deadline what has not started and what runs, all at once', async () => {
    const elapsed = await within({ maxTasks: 2, closeTimeout: 500 }, async manager => {
      const heard: number[] = []
      const start = performance.now()
      const running = [1, 2].map(() =>
        manager.spawn(({ signal }) => {
          signal.addEventListener('abort', () => heard.push(performance.now() - start))
          return untilAborted(signal, 100)
        }),
      )
      const work = vi.fn()
      const pending = manager.spawn(work, { name: 'never' })
      const report = await manager.close()
      expect(heard).toEqual([500, 500])
      expect(report).toMatchObject({ done: 0, cancelled: 3, abandoned: [] })
      expect(report.neverStarted).toMatchObject([{ name: 'never', status: 'cancelled', attempt: 0 }])
      expect(work).not.toHaveBeenCalled()
      for (const task of [...running, pending]) {
        expect(task.exception()).toMatchObject({ cause: expect.any(ManagerClosedError) })
      }
    })
    expect(elapsed).toBe(600)
  })

  it('waits for cleanups no longer than cleanupTimeout, and reports what still runs', async () => {
    const elapsed = await within({ closeTimeout: 500, cleanupTimeout: 200 }, async manager => {
      manager.spawn(task => listening(task, forever), { name: 'hangs' })
      manager.spawn(forever, { name: 'deaf' })
      manager.spawn(
        function* () {
          try {
            yield* suspend()
          } finally {
            yield* suspend()
          }
        },
        { name: 'hung teardown' },
      )
      manager.spawn(({ signal }) => untilAborted(signal, 100), { name: 'clean' })
      const report = await manager.close()
      expect(report.cancelled).toBe(4)
      expect(report.abandoned.map(record => record.name).sort()).toEqual(['deaf', 'hangs', 'hung teardown'])
      expect(report.abandoned.every(record => record.abandoned)).toBe(true)
      expect(manager.stats()).toMatchObject({ running: 0, stopping: 0, cancelled: 4, abandoned: 3 })
    })
    expect(elapsed).toBe(700)
  })

  it('does not report as abandoned what stopped before the report was written', async () => {
    const elapsed = await within({ closeTimeout: 100, cleanupTimeout: 200 }, async manager => {
      const deaf = manager.spawn(() => delay(150))
      expect((await manager.close()).abandoned).toEqual([])
      expect(deaf.record()).toMatchObject({ status: 'cancelled', abandoned: true })
    })
    expect(elapsed).toBe(150)
  })

  it('reports work abandoned earlier that still runs', async () => {
    await within({ cleanupTimeout: 10 }, async manager => {
      const stuck = manager.spawn(forever, { name: 'stuck' })
      await settle()
      await stuck.cancel()
      expect((await manager.close()).abandoned).toMatchObject([{ name: 'stuck' }])
    })
  })

  it('takes a timeout of its own', async () => {
    const elapsed = await within({ closeTimeout: 5_000 }, async manager => {
      manager.spawn(({ signal }) => untilAborted(signal))
      await manager.close({ timeout: 50 })
    })
    expect(elapsed).toBe(50)
  })

  it('cancels at once with a timeout of zero', async () => {
    const elapsed = await within({}, async manager => {
      manager.spawn(({ signal }) => untilAborted(signal))
      await settle()
      expect(await manager.close({ timeout: 0 })).toMatchObject({ cancelled: 1 })
    })
    expect(elapsed).toBe(0)
  })

  it('waits as long as it takes with a closeTimeout of Infinity, and arms no timer', async () => {
    const elapsed = await within({ closeTimeout: Number.POSITIVE_INFINITY }, async manager => {
      manager.spawn(() => delay(1_000_000))
      const closing = manager.close()
      await delay(1)
      expect(vi.getTimerCount()).toBe(1)
      expect(await closing).toMatchObject({ done: 1 })
    })
    expect(elapsed).toBe(1_000_000)
  })

  it('with pending: cancel cancels what has not started at once and lets the rest run', async () => {
    const elapsed = await within({ maxTasks: 1 }, async manager => {
      const running = manager.spawn(() => delay(50, 'x'))
      const work = vi.fn()
      const pending = [manager.spawn(work), manager.spawn(work)]
      await settle()
      const closing = manager.close({ pending: 'cancel' })
      expect(pending.map(task => task.status)).toEqual(['cancelled', 'cancelled'])
      const report = await closing
      expect(report).toMatchObject({ done: 1, cancelled: 2 })
      expect(report.neverStarted.map(record => record.id)).toEqual([2, 3])
      expect(running.result()).toBe('x')
      expect(work).not.toHaveBeenCalled()
    })
    expect(elapsed).toBe(50)
  })

  it('resumes a paused manager', async () => {
    await within({ autoStart: false }, async manager => {
      const handle = manager.spawn(() => 'ran')
      expect(await manager.close()).toMatchObject({ done: 1 })
      expect(handle.result()).toBe('ran')
      manager.pause()
      expect(manager.stats().paused).toBe(false)
    })
  })

  it('runs the cleanup of operations', async () => {
    const log: string[] = []
    await within({}, async manager => {
      manager.spawn(function* () {
        yield* ensure(function* () {
          yield* sleep(20)
          log.push('cleaned up')
        })
        yield* suspend()
      })
      await manager.close({ timeout: 0 })
      log.push('closed')
    })
    expect(log).toEqual(['cleaned up', 'closed'])
  })

  it('never rejects, whatever the tasks do', async () => {
    await within({}, async manager => {
      manager.spawn(() => Promise.reject('no'))
      manager.spawn(({ signal }) => untilAborted(signal).catch(() => Promise.reject('dirty')))
      manager.spawn(function* () {
        yield* ensure(() => {
          throw 'dirty too'
        })
        yield* suspend()
      })
      expect(await manager.close({ timeout: 10 })).toMatchObject({ failed: 3 })
    })
  })

  it('gives a frozen report', async () => {
    const manager = await TaskManager.start()
    const report = await manager.close()
    for (const part of [report, report.neverStarted, report.abandoned]) expect(Object.isFrozen(part)).toBe(true)
  })
})

describe('a second close', () => {
  it('joins the first and gets the same report', async () => {
    await within({}, async manager => {
      manager.spawn(() => delay(50))
      const [first, second] = await Promise.all([manager.close(), manager.close()])
      expect(second).toEqual(first)
      expect(await manager.close()).toEqual(first)
    })
  })

  it('shortens the first', async () => {
    const elapsed = await within({ closeTimeout: 5_000 }, async manager => {
      manager.spawn(({ signal }) => untilAborted(signal))
      const first = manager.close()
      await delay(100)
      const second = manager.close({ timeout: 50 })
      expect(await second).toEqual(await first)
    })
    expect(elapsed).toBe(150)
  })

  it('never lengthens it', async () => {
    const elapsed = await within({ closeTimeout: 100 }, async manager => {
      manager.spawn(({ signal }) => untilAborted(signal))
      manager.close()
      await delay(50)
      await manager.close({ timeout: 5_000 })
    })
    expect(elapsed).toBe(100)
  })

  it('shortens one without an end', async () => {
    const elapsed = await within({ closeTimeout: Number.POSITIVE_INFINITY }, async manager => {
      manager.spawn(({ signal }) => untilAborted(signal))
      manager.close()
      await manager.close({ timeout: 70 })
    })
    expect(elapsed).toBe(70)
  })

  it('may cancel what has not started', async () => {
    await within({ maxTasks: 1 }, async manager => {
      manager.spawn(() => delay(50))
      const pending = manager.spawn(forever)
      await settle()
      manager.close()
      expect(pending.status).toBe('pending')
      manager.close({ pending: 'cancel' })
      expect(pending.status).toBe('cancelled')
      expect((await manager.close()).neverStarted).toHaveLength(1)
    })
  })

  it('during the cleanup waits for the same end', async () => {
    const elapsed = await within({ closeTimeout: 10 }, async manager => {
      manager.spawn(({ signal }) => untilAborted(signal, 200))
      manager.close()
      await delay(50)
      expect(await manager.close()).toMatchObject({ cancelled: 1 })
    })
    expect(elapsed).toBe(210)
  })
})

describe('close inside a task', () => {
  it('starts closing, and awaiting it there does not deadlock', async () => {
    const elapsed = await within({}, async manager => {
      const handle = manager.spawn(async () => {
        const report = await manager.close()
        return report.done
      })
      manager.spawn(() => delay(80))
      expect(await handle).toBe(1)
      expect(manager.stats().closed).toBe(true)
      expect(await manager.close()).toMatchObject({ done: 2 })
    })
    expect(elapsed).toBe(80)
  })

  it('does not deadlock when several await it', async () => {
    await within({}, async manager => {
      const handles = [1, 2].map(() => manager.spawn(async () => (await manager.close()).cancelled))
      expect(await Promise.all(handles)).toEqual([0, 0])
    })
  })

  it('does not deadlock for a task that awaits one that awaits it', async () => {
    await within({}, async manager => {
      const inner = await TaskManager.start()
      const outer = manager.spawn(async () => await inner.spawn(async () => (await manager.close()).done))
      expect(await outer).toBe(0)
    })
  })

  it('when disposing does not deadlock either', async () => {
    await within({}, async manager => {
      const handle = manager.spawn(async () => {
        await manager[Symbol.asyncDispose]()
        return 'went on'
      })
      expect(await handle).toBe('went on')
    })
  })
})

describe('wrong options of close', () => {
  it.each([
    [{ timeout: -1 }, RangeError, /timeout must be .*got -1/],
    [{ timeout: '1' }, TypeError, /timeout must be .*got "1"/],
    [{ pending: 'kill' }, RangeError, /pending must be one of 'run', 'cancel', got "kill"/],
    [{ pending: true }, TypeError, /pending must be one of/],
    [5, TypeError, /options must be an object, got 5/],
  ])('are refused and close nothing: %j', async (options, type, message) => {
    const manager = await TaskManager.start()
    const attempt = () => manager.close(options as object)
    expect(attempt).toThrow(type)
    expect(attempt).toThrow(message)
    expect(manager.stats().closed).toBe(false)
    expect(await manager.spawn(() => 1)).toBe(1)
  })
})

describe('await using', () => {
  it('closes the same way', async () => {
    const { elapsed, value } = await autojump(async () => {
      let leaked: TaskManager
      {
        await using manager = await TaskManager.start()
        leaked = manager
        manager.spawn(() => delay(60))
      }
      return leaked.stats()
    })
    expect(elapsed).toBe(60)
    expect(value).toMatchObject({ done: 1, closed: true })
  })

  it('does not reject for a failure', async () => {
    const told: unknown[] = []
    await autojump(async () => {
      await using manager = await TaskManager.start({ onError: error => told.push(error) })
      manager.spawn(() => Promise.reject('no'))
    })
    expect(told).toEqual(['no'])
  })
})
