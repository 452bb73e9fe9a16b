import { suspend } from 'effection'
import { describe, expect, it } from 'vitest'
import { DeadlockError, type TaskHandle, TaskManager } from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'
import { delay, failureOf } from '../work.ts'

const start = (maxTasks: number) => TaskManager.start({ maxTasks, logger: false })

describe('a task that awaits its own handle', () => {
  it.each<[string, (own: TaskHandle<unknown>) => PromiseLike<unknown>]>([
    ['await', async own => await own],
    ['then', own => own.then()],
    ['catch', own => own.catch(error => Promise.reject(error))],
    ['finally', own => own.finally()],
    ['wait', own => own.wait()],
    ['Promise.all', own => Promise.all([own])],
    ['Promise.race', own => Promise.race([own])],
  ])('gets a DeadlockError from %s', async (_, wait) => {
    const manager = await start(5)
    const own: TaskHandle<unknown> = manager.spawn(async () => await wait(own))
    expect(await failureOf(own)).toBeInstanceOf(DeadlockError)
    expect(own.exception()).toHaveProperty('message', expect.stringContaining('awaits itself'))
  })

  it('gets it from yield* too', async () => {
    const manager = await start(5)
    const own: TaskHandle<unknown> = manager.spawn(function* () {
      return (yield* own) as unknown
    })
    expect(await failureOf(own)).toBeInstanceOf(DeadlockError)
  })

  it('gets it from wait with a limit', async () => {
    const manager = await start(5)
    const own: TaskHandle<unknown> = manager.spawn(async () => await own.wait({ timeout: 10 }))
    expect(await failureOf(own)).toBeInstanceOf(DeadlockError)
  })

  it('may catch it and go on', async () => {
    const manager = await start(5)
    const own: TaskHandle<string> = manager.spawn(async () => {
      await failureOf(own)
      return 'went on'
    })
    expect(await own).toBe('went on')
  })
})

describe('tasks that await each other', () => {
  it('in a ring of two: one gets a DeadlockError, and so the other ends too', async () => {
    const manager = await start(5)
    const a: TaskHandle<unknown> = manager.spawn(async () => await b)
    const b: TaskHandle<unknown> = manager.spawn(async () => await a)
    expect(await failureOf(a)).toBeInstanceOf(DeadlockError)
    expect(await failureOf(b)).toBeInstanceOf(DeadlockError)
  })

  it('in a ring of three, operations included', async () => {
    const manager = await start(5)
    const a: TaskHandle<unknown> = manager.spawn(async () => await b)
    const b: TaskHandle<unknown> = manager.spawn(function* () {
      return (yield* c) as unknown
    })
    const c: TaskHandle<unknown> = manager.spawn(async () => await a)
    for (const each of [a, b, c]) expect(await failureOf(each)).toBeInstanceOf(DeadlockError)
  })

  it('one after another is fine', async () => {
    const manager = await start(5)
    const { value } = await autojump(async () => {
      const c = manager.spawn(() => delay(10, 1))
      const b = manager.spawn(async () => (await c) + 1)
      const a = manager.spawn(async () => (await b) + (await c))
      return await a
    })
    expect(value).toBe(3)
  })
})

describe('a task that awaits a pending one', () => {
  it('gets a DeadlockError when it holds the only slot', async () => {
    const manager = await start(1)
    const outer = manager.spawn(async () => await manager.spawn(() => 1))
    expect(await failureOf(outer)).toBeInstanceOf(DeadlockError)
    expect(outer.exception()).toHaveProperty('message', expect.stringContaining('maxTasks'))
  })

  it('gets it when every slot is held by one that waits likewise', async () => {
    const manager = await start(2)
    const outers = [1, 2].map(n => manager.spawn(async () => await manager.spawn(() => n)))
    const outcomes = await Promise.allSettled(outers)
    expect(outcomes.map(each => each.status)).toContain('rejected')
    await manager.drain()
  })

  it('waits when another slot will be free', async () => {
    const { value } = await autojump(async () => {
      const manager = await start(2)
      manager.spawn(() => delay(100))
      const outer = manager.spawn(async () => await manager.spawn(() => 'inner'))
      return await outer
    })
    expect(value).toBe('inner')
  })

  it('waits for a task of another manager', async () => {
    const [one, two] = [await start(1), await start(1)]
    expect(await one.spawn(async () => await two.spawn(() => 'inner'))).toBe('inner')
  })

  it('gets it across managers that are both full', async () => {
    const [one, two] = [await start(1), await start(1)]
    const outer = one.spawn(async () => await two.spawn(async () => await one.spawn(() => 1)))
    expect(await failureOf(outer)).toBeInstanceOf(DeadlockError)
  })
})

describe('a task that only listens', () => {
  it('with then is not taken for one that waits', async () => {
    const manager = await start(1)
    const seen: number[] = []
    await manager.spawn(() => {
      manager.spawn(() => 1).then(value => seen.push(value))
    })
    await manager.drain()
    await settle()
    expect(seen).toEqual([1])
  })
})

describe('work that outlived its task', () => {
  it('may await its handle', async () => {
    const manager = await TaskManager.start({ logger: false, cleanupTimeout: 0 })
    const seen: unknown[] = []
    const own: TaskHandle<void> = manager.spawn(async () => {
      await delay(5)
      seen.push(await failureOf(own))
    })
    await settle()
    await own.cancel('enough')
    await delay(10)
    expect(seen).toMatchObject([{ cause: 'enough' }])
  })

  it('does not keep the others from ending', async () => {
    const manager = await start(5)
    const hanging = manager.spawn(() => suspend())
    await settle()
    await hanging.cancel()
    await manager.drain()
    expect(manager.stats().cancelled).toBe(1)
  })
})
