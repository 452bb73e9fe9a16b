import { describe, expect, it, vi } from 'vitest'
import { ManagerClosedError, SleepTask, TaskGroupError, TaskManager, TaskRunner } from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'
import { delay, failureOf, forever, untilAborted } from '../work.ts'
import { within } from './within.ts'

describe('start', () => {
  it('gives a runner that stands on a manager', async () => {
    const runner = await TaskRunner.start({ workers: 7 })
    expect(runner).toBeInstanceOf(TaskRunner)
    expect(runner.manager).toBeInstanceOf(TaskManager)
    expect(runner.manager.maxTasks).toBe(7)
  })

  it('gives runners that know nothing of each other', async () => {
    const [one, two] = await Promise.all([TaskRunner.start(), TaskRunner.start()])
    await one.submit(() => 1)
    expect(two.records()).toEqual([])
    await one.close()
    expect(await two.submit(() => 2)).toBe(2)
    expect(two.records()).toMatchObject([{ id: 1 }])
  })
})

describe('workers', () => {
  it('says how many tasks may run, and no more do', async () => {
    const elapsed = await within({ workers: 3 }, async runner => {
      let running = 0
      let most = 0
      for (let n = 0; n < 9; n += 1) {
        runner.submit(async () => {
          most = Math.max(most, ++running)
          await delay(100)
          running -= 1
        })
      }
      await runner.drain()
      expect(most).toBe(3)
    })
    expect(elapsed).toBe(300)
  })

  it('raised while running starts more at once', async () => {
    await within({ workers: 1 }, async runner => {
      for (let n = 0; n < 5; n += 1) runner.submit(forever)
      await settle()
      expect(runner.stats()).toMatchObject({ running: 1, pending: 4, maxTasks: 1 })
      runner.workers = 3
      expect(runner.stats()).toMatchObject({ running: 3, pending: 2, maxTasks: 3 })
      expect([runner.workers, runner.manager.maxTasks]).toEqual([3, 3])
      await runner.shutdown()
    })
  })

  it('lowered while running cancels nothing, and holds from then on', async () => {
    const elapsed = await within({ workers: 4 }, async runner => {
      for (let n = 0; n < 6; n += 1) runner.submit(() => delay(100))
      await settle()
      runner.workers = 1
      expect(runner.stats()).toMatchObject({ running: 4, pending: 2 })
      await runner.drain()
      expect(runner.stats()).toMatchObject({ done: 6, cancelled: 0 })
    })
    expect(elapsed).toBe(300)
  })

  it.each([
    [0, RangeError],
    [-1, RangeError],
    [2.5, RangeError],
    ['4', TypeError],
  ])('refuses %j and stays as it is', async (value, type) => {
    const runner = await TaskRunner.start({ workers: 2 })
    const attempt = () => {
      runner.workers = value as number
    }
    expect(attempt).toThrow(type)
    expect(attempt).toThrow(/^workers must be a positive integer or Infinity, got/)
    expect(runner.workers).toBe(2)
  })
})

describe('drain', () => {
  it('resolves when nothing is pending and nothing runs, what came meanwhile included', async () => {
    const elapsed = await within({ workers: 1 }, async runner => {
      await runner.drain()
      runner.submit(async () => {
        await delay(10)
        runner.submit(() => delay(20))
      })
      await runner.drain()
      expect(runner.stats()).toMatchObject({ done: 2, pending: 0, running: 0 })
      expect(await runner.submit(() => 'goes on')).toBe('goes on')
    })
    expect(elapsed).toBe(30)
  })

  it('waits for those that wait for a place', async () => {
    const elapsed = await within({ workers: 1, queueSize: 0, submitPolicy: 'wait' }, async runner => {
      for (let n = 0; n < 5; n += 1) runner.submit(new SleepTask({ ms: 10 }))
      await runner.drain()
      expect(runner.stats().done).toBe(5)
    })
    expect(elapsed).toBe(50)
  })

  it('inside a task is a DeadlockError', async () => {
    await within({}, async runner => {
      expect(await failureOf(runner.submit(() => runner.drain()))).toMatchObject({ code: 'ERR_DEADLOCK' })
    })
  })
})

describe('await using', () => {
  it('closes the runner, with all that was submitted done', async () => {
    const { elapsed, value } = await autojump(async () => {
      let leaked: TaskRunner
      {
        await using runner = await TaskRunner.start({ workers: 1 })
        leaked = runner
        for (let n = 0; n < 3; n += 1) runner.submit(new SleepTask({ ms: 20 }))
      }
      return leaked.stats()
    })
    expect(elapsed).toBe(60)
    expect(value).toMatchObject({ done: 3, closed: true })
  })

  it('does not reject for a failure', async () => {
    const told = vi.fn()
    await autojump(async () => {
      await using runner = await TaskRunner.start({ onError: told })
      runner.submit(() => Promise.reject('no'))
    })
    expect(told).toHaveBeenCalledOnce()
  })

  it('rejects with TaskGroupError if failFast stopped it', async () => {
    const dispose = async () => {
      await using runner = await TaskRunner.start({ failFast: true })
      runner.submit(() => Promise.reject('the first'))
      runner.submit(forever)
    }
    const { value } = await autojump(() => failureOf(dispose()))
    expect(value).toBeInstanceOf(TaskGroupError)
    expect(value).toMatchObject({ cause: 'the first', errors: ['the first'] })
  })

  it('inside a task does not deadlock', async () => {
    await within({}, async runner => {
      const handle = runner.submit(async () => {
        await runner[Symbol.asyncDispose]()
        return 'went on'
      })
      expect(await handle).toBe('went on')
    })
  })
})

describe('the signal of a runner', () => {
  it('cancels everything and closes', async () => {
    const controller = new AbortController()
    const elapsed = await within({ signal: controller.signal, workers: 1 }, async runner => {
      const running = runner.submit(({ signal }) => untilAborted(signal, 10))
      const pending = runner.submit(forever)
      await settle()
      controller.abort('the end')
      expect(() => runner.submit(() => 1)).toThrow(ManagerClosedError)
      for (const handle of [running, pending]) {
        expect(await failureOf(handle)).toMatchObject({ code: 'ERR_TASK_CANCELLED', cause: 'the end' })
      }
      expect(await runner.close()).toMatchObject({ cancelled: 2, neverStarted: [{ id: 2 }] })
      expect(runner.records({ status: 'cancelled' })).toHaveLength(2)
    })
    expect(elapsed).toBe(10)
  })
})

describe('failFast', () => {
  it('cancels the rest at the first failure, and drain says so once', async () => {
    await within({ failFast: true, workers: 2 }, async runner => {
      const others = [runner.submit(({ signal }) => untilAborted(signal)), runner.submit(() => delay(5, 'kept'))]
      const error = new Error('first')
      const failing = runner.submit(() => Promise.reject(error))
      const pending = runner.submit(forever)
      expect(await others[1]).toBe('kept')
      expect(await failureOf(failing)).toBe(error)
      for (const handle of [others[0]!, pending]) expect(await failureOf(handle)).toMatchObject({ cause: error })
      const group = await failureOf(runner.drain())
      expect(group).toBeInstanceOf(TaskGroupError)
      expect((group as TaskGroupError).errors).toEqual([error])
      await runner.drain()
      expect(await runner.submit(() => 'again')).toBe('again')
    })
  })

  it('is off if nothing is said: a failure touches nobody else', async () => {
    await within({ workers: 1 }, async runner => {
      runner.submit(() => Promise.reject('no'))
      expect(await runner.submit(() => 'fine')).toBe('fine')
      await runner.drain()
    })
  })
})
