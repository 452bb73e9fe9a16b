import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { ManagerClosedError, TaskManager, type TaskManagerOptions } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, failureOf, forever, listening, untilAborted } from '../work.ts'
import { within } from './within.ts'

describe('start', () => {
  it('takes a number for maxTasks', async () => {
    expect((await TaskManager.start(7)).maxTasks).toBe(7)
  })

  it('has documented defaults', async () => {
    const manager = await TaskManager.start()
    expect(manager.stats()).toEqual({
      pending: 0,
      running: 0,
      stopping: 0,
      done: 0,
      failed: 0,
      cancelled: 0,
      abandoned: 0,
      maxTasks: 35,
      paused: false,
      closed: false,
    })
  })

  it.each<[keyof TaskManagerOptions, unknown, ErrorConstructor, RegExp]>([
    ['maxTasks', 0, RangeError, /maxTasks must be a positive integer or Infinity, got 0/],
    ['maxTasks', 1.5, RangeError, /maxTasks .*got 1.5/],
    ['maxTasks', Number.NaN, RangeError, /maxTasks .*got NaN/],
    ['maxTasks', '4', TypeError, /maxTasks .*got "4"/],
    ['maxPending', -1, RangeError, /maxPending must be .*got -1/],
    ['maxPending', 0.5, RangeError, /maxPending .*got 0.5/],
    ['closeTimeout', -1, RangeError, /closeTimeout must be .*got -1/],
    ['closeTimeout', '1', TypeError, /closeTimeout .*got "1"/],
    ['cleanupTimeout', Number.NaN, RangeError, /cleanupTimeout must be .*got NaN/],
    ['failFast', 1, TypeError, /failFast must be true or false, got 1/],
    ['autoStart', 'no', TypeError, /autoStart must be true or false, got "no"/],
    ['name', 1, TypeError, /name must be a string, got 1/],
    ['signal', {}, TypeError, /signal must be an AbortSignal, got an object/],
    ['logger', {}, TypeError, /logger must have an error method, or be false, got an object/],
    ['logger', true, TypeError, /logger .*got true/],
    ['logger', null, TypeError, /logger .*got null/],
    ['onError', 'log', TypeError, /onError must be a function, got "log"/],
  ])('refuses a wrong %s by name, rule and value: %j', async (option, value, type, message) => {
    const error = await failureOf(TaskManager.start({ [option]: value }))
    expect(error).toBeInstanceOf(type)
    expect(String(error)).toMatch(message)
  })

  it.each(['35', null, [], 0, -1])('refuses %j for options', async options => {
    const error = await failureOf(TaskManager.start(options as unknown as TaskManagerOptions))
    expect(String(error)).toMatch(/^(TypeError: options must be an object|RangeError: maxTasks must be)/)
  })
})

describe('startSync', () => {
  it('has the manager at once, of the same options', async () => {
    const manager = TaskManager.startSync({ maxTasks: 2, name: 'here', defaults: { timeout: 5_000 } })
    expect(manager).toBeInstanceOf(TaskManager)
    expect([manager.name, manager.maxTasks, TaskManager.startSync(7).maxTasks]).toEqual(['here', 2, 7])
    expect(await manager.spawn(async () => 'done')).toBe('done')
    expect(await manager.close()).toMatchObject({ done: 1 })
  })

  it('stands in a field of a class, whose tasks it answers for', async () => {
    class Crawler {
      readonly #tasks = TaskManager.startSync(1)
      crawl = (page: string) => this.#tasks.spawn(async () => `read ${page}`)
      close = () => this.#tasks.close()
    }
    const crawler = new Crawler()
    expect(await crawler.crawl('a')).toBe('read a')
    await crawler.close()
    expect(() => crawler.crawl('b')).toThrow(ManagerClosedError)
  })

  it.each<[unknown, ErrorConstructor, string]>([
    [{ maxTasks: 0 }, RangeError, 'maxTasks must be a positive integer or Infinity, got 0'],
    [{ maxTask: 3 }, TypeError, '"maxTask" must be a known option: did you mean "maxTasks"?'],
    ['35', TypeError, 'options must be an object, got "35"'],
  ])('throws for %j in the call', (options, type, message) => {
    const start = () => TaskManager.startSync(options as TaskManagerOptions)
    expect(start).toThrow(type)
    expect(start).toThrow(message)
  })

  it('throws the reason of a signal that is aborted already', async () => {
    const reason = new Error('too late')
    const signal = AbortSignal.abort(reason)
    expect(() => TaskManager.startSync({ signal })).toThrow(reason)
    expect(await failureOf(TaskManager.start({ signal }))).toBe(reason)
  })
})

describe('stats', () => {
  it('counts every task in exactly one state', async () => {
    await within({ maxTasks: 4, cleanupTimeout: 50 }, async manager => {
      manager.spawn(() => 1)
      manager.spawn(() => Promise.reject('no')).catch(() => {})
      manager.spawn(forever).cancel()
      manager.spawn(() => delay(100))
      const stopping = manager.spawn(({ signal }) => untilAborted(signal, 20))
      const stuck = manager.spawn(task => listening(task, forever))
      const last = manager.spawn(() => delay(100))
      await settle()
      manager.maxTasks = 1
      manager.spawn(() => 1)
      stopping.cancel()
      stuck.cancel()
      expect(manager.stats()).toMatchObject({ pending: 1, running: 2, stopping: 2, done: 1, failed: 1, cancelled: 1 })
      await delay(60)
      expect(manager.stats()).toMatchObject({ pending: 1, running: 2, stopping: 0, cancelled: 3, abandoned: 1 })
      await last
      await manager.drain()
      expect(manager.stats()).toMatchObject({ pending: 0, running: 0, done: 4, failed: 1, cancelled: 3, abandoned: 1 })
    })
  })

  it('is a snapshot', async () => {
    const manager = await TaskManager.start()
    const before = manager.stats()
    await manager.spawn(() => 1)
    expect(before.done).toBe(0)
  })
})

describe('get', () => {
  it('finds live tasks only, and gives the same handle', async () => {
    const manager = await TaskManager.start({ maxTasks: 1, logger: false })
    const running = manager.spawn(forever)
    const pending = manager.spawn(forever)
    await settle()
    expect(manager.get(1)).toBe(running)
    expect(manager.get(2)).toBe(pending)
    expect(manager.get(3)).toBeUndefined()
    const late = manager.spawn(forever)
    expect(manager.get(3)).toBe(late)
    pending.cancel()
    expect(manager.get(2)).toBeUndefined()
  })
})

describe('maxTasks', () => {
  it('starts more at once when it is raised', async () => {
    const manager = await TaskManager.start(1)
    for (let n = 0; n < 5; n += 1) manager.spawn(forever)
    await settle()
    expect(manager.stats().running).toBe(1)
    manager.maxTasks = 3
    expect(manager.stats().running).toBe(3)
    manager.maxTasks = Number.POSITIVE_INFINITY
    expect(manager.stats().running).toBe(5)
  })

  it('cancels nothing when it is lowered, and lets nobody start until enough have ended', async () => {
    await within({ maxTasks: 3 }, async manager => {
      const tasks = [10, 20, 30, 40].map(ms => manager.spawn(() => delay(ms)))
      await settle()
      manager.maxTasks = 1
      expect(manager.stats()).toMatchObject({ running: 3, pending: 1, maxTasks: 1 })
      await delay(25)
      expect(tasks.map(task => task.status)).toEqual(['done', 'done', 'running', 'pending'])
      await manager.drain()
      expect(manager.stats()).toMatchObject({ done: 4, cancelled: 0 })
    })
  })

  it('of Infinity runs everything at once', async () => {
    const elapsed = await within({ maxTasks: Number.POSITIVE_INFINITY }, async manager => {
      for (let n = 0; n < 500; n += 1) manager.spawn(() => delay(10))
      await manager.drain()
    })
    expect(elapsed).toBe(10)
  })

  it.each([0, -1, 1.5, Number.NaN, '2'])('refuses %j and keeps the old one', async value => {
    const manager = await TaskManager.start(4)
    expect(() => {
      manager.maxTasks = value as number
    }).toThrow(/maxTasks must be a positive integer or Infinity/)
    expect(manager.maxTasks).toBe(4)
  })
})

describe('cancelAll', () => {
  it('cancels pending and running tasks with the reason, and resolves when they have stopped', async () => {
    const elapsed = await within({ maxTasks: 2 }, async manager => {
      const work = vi.fn()
      const running = [50, 80].map(ms => manager.spawn(({ signal }) => untilAborted(signal, ms)))
      const pending = manager.spawn(work)
      await settle()
      await manager.cancelAll('enough')
      expect([...running, pending].map(task => task.record())).toMatchObject(
        Array.from({ length: 3 }, () => ({ status: 'cancelled', cancelReason: 'enough' })),
      )
      await settle()
      expect(work).not.toHaveBeenCalled()
    })
    expect(elapsed).toBe(80)
  })

  it('leaves the manager open', async () => {
    const manager = await TaskManager.start({ logger: false })
    manager.spawn(({ signal }) => untilAborted(signal))
    await settle()
    await manager.cancelAll()
    expect(await manager.spawn(() => 'next')).toBe('next')
  })

  it('from inside a task does not wait for that task', async () => {
    const manager = await TaskManager.start({ logger: false })
    const handle = manager.spawn(async ({ signal }) => {
      await manager.cancelAll('all')
      signal.throwIfAborted()
    })
    expect(await failureOf(handle)).toMatchObject({ cause: 'all' })
  })
})

describe('the signal of a manager', () => {
  it('cancels everything with its reason and closes the manager', async () => {
    const elapsed = await within({}, async () => {
      const controller = new AbortController()
      const manager = await TaskManager.start({ maxTasks: 1, signal: controller.signal })
      const running = manager.spawn(({ signal }) => untilAborted(signal, 30))
      const pending = manager.spawn(forever)
      await settle()
      controller.abort('shut down')
      expect(() => manager.spawn(() => 1)).toThrow(ManagerClosedError)
      await failureOf(running)
      for (const task of [running, pending]) {
        expect(task.record()).toMatchObject({ status: 'cancelled', cancelReason: 'shut down' })
      }
      expect(await manager.close()).toMatchObject({ cancelled: 2, abandoned: [] })
    })
    expect(elapsed).toBe(30)
  })

  it('that is aborted already refuses the start with its reason', async () => {
    expect(await failureOf(TaskManager.start({ signal: AbortSignal.abort('before') }))).toBe('before')
  })

  it('is not listened to any more once the manager is closed', async () => {
    const { signal } = new AbortController()
    const add = vi.spyOn(signal, 'addEventListener')
    const remove = vi.spyOn(signal, 'removeEventListener')
    const manager = await TaskManager.start({ signal })
    await manager.close()
    expect(add).toHaveBeenCalledOnce()
    expect(remove).toHaveBeenCalledWith('abort', add.mock.calls[0]?.[1])
  })
})

describe('the process', () => {
  const node = (code: string) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], { timeout: 50_000 })
  const index = JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)

  it('is not kept alive by an idle manager', async () => {
    const { stdout } = await node(`
      const { TaskManager } = await import(${index})
      const manager = await TaskManager.start()
      await manager.spawn(() => 1, { timeout: 60_000, deadline: 60_000 })
      await manager.spawn(function* () { return 1 }, { timeout: 60_000 })
      console.log('the end')
    `)
    expect(stdout).toBe('the end\n')
  })

  it('is not ended by a failure that nobody observed', async () => {
    const { stdout, stderr } = await node(`
      const { TaskManager } = await import(${index})
      const manager = await TaskManager.start()
      manager.spawn(() => Promise.reject(new Error('broken')))
      manager.spawn(function* () { throw new Error('broken too') })
      await manager.drain()
      setTimeout(() => console.log('the end'), 10)
    `)
    expect(stdout).toBe('the end\n')
    expect(stderr.match(/nobody observed it/g)).toHaveLength(2)
  })
})
