import { suspend } from 'effection'
import { describe, expect, it } from 'vitest'
import { DeadlockError, type TaskHandle, TaskManager } from '../../src/index.ts'
import { runVirtual } from '../../src/testing.ts'
import { autojump, settle } from '../harness.ts'
import { delay, failureOf } from '../work.ts'

const start = (maxTasks: number) => TaskManager.start({ maxTasks, logger: false })

/** What `body` comes to in virtual time. */
const virtually = async <T>(body: () => Promise<T>): Promise<T> => (await runVirtual(body)).value

describe('a task that awaits its own handle', () => {
  it.each<[string, (own: TaskHandle<unknown>) => PromiseLike<unknown>]>([
    ['await', async own => await own],
    ['then', own => own.then()],
    ['then and a function', own => own.then(value => value)],
    ['catch', own => own.catch(error => Promise.reject(error))],
    ['finally', own => own.finally()],
    ['wait', own => own.wait()],
    ['wait with a limit', own => own.wait({ timeout: 10_000 })],
    ['Promise.all', own => Promise.all([own])],
    ['Promise.race', own => Promise.race([own])],
  ])('gets a DeadlockError from %s', async (_, wait) => {
    const own = await virtually(async () => {
      const manager = await start(5)
      const handle: TaskHandle<unknown> = manager.spawn(async () => await wait(handle))
      await failureOf(handle)
      return { exception: handle.exception() }
    })
    expect(own.exception).toBeInstanceOf(DeadlockError)
    expect(own.exception).toHaveProperty('message', expect.stringContaining('awaits itself'))
  })

  it('gets it from yield* at once', async () => {
    const manager = await start(5)
    const own: TaskHandle<unknown> = manager.spawn(function* () {
      return (yield* own) as unknown
    })
    expect(await failureOf(own)).toBeInstanceOf(DeadlockError)
  })

  it('may catch it and go on', async () => {
    const value = await virtually(async () => {
      const manager = await start(5)
      const own: TaskHandle<string> = manager.spawn(async () => {
        await failureOf(own)
        return 'went on'
      })
      return await own
    })
    expect(value).toBe('went on')
  })

  it('may listen to it', async () => {
    const { value, elapsed } = await runVirtual(async () => {
      const heard: unknown[] = []
      const manager = await start(1)
      const own: TaskHandle<string> = manager.spawn(async () => {
        own.then(value => heard.push(value))
        own.finally(() => heard.push('finally'))
        await delay(60_000)
        return 'done'
      })
      await own
      await settle()
      return heard
    })
    expect(value).toEqual(['done', 'finally'])
    expect(elapsed).toBe(60_000)
  })
})

describe('tasks that await each other', () => {
  it('in a ring of two: one gets a DeadlockError, and so the other ends too', async () => {
    const errors = await virtually(async () => {
      const manager = await start(5)
      const a: TaskHandle<unknown> = manager.spawn(async () => await b)
      const b: TaskHandle<unknown> = manager.spawn(async () => await a)
      return [await failureOf(a), await failureOf(b)]
    })
    expect(errors).toEqual([expect.any(DeadlockError), expect.any(DeadlockError)])
  })

  it('in a ring of operations: the last gets it at once', async () => {
    const manager = await start(5)
    const ring: TaskHandle<unknown>[] = [0, 1, 2].map(n =>
      manager.spawn(function* () {
        return (yield* ring[(n + 1) % 3] as TaskHandle<unknown>) as unknown
      }),
    )
    for (const each of ring) expect(await failureOf(each)).toBeInstanceOf(DeadlockError)
  })

  it('in a ring of three of both kinds', async () => {
    const errors = await virtually(async () => {
      const manager = await start(5)
      const a: TaskHandle<unknown> = manager.spawn(async () => await b)
      const b: TaskHandle<unknown> = manager.spawn(function* () {
        return (yield* c) as unknown
      })
      const c: TaskHandle<unknown> = manager.spawn(async () => await a)
      return [await failureOf(a), await failureOf(b), await failureOf(c)]
    })
    for (const error of errors) expect(error).toBeInstanceOf(DeadlockError)
  })

  it('one after another is fine', async () => {
    const { value } = await autojump(async () => {
      const manager = await start(5)
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
    const error = await virtually(async () => {
      const manager = await start(1)
      return await failureOf(manager.spawn(async () => await manager.spawn(() => 1)))
    })
    expect(error).toBeInstanceOf(DeadlockError)
    expect(error).toHaveProperty('message', expect.stringContaining('maxTasks'))
  })

  it('gets it at once from yield*', async () => {
    const manager = await start(1)
    const outer = manager.spawn(function* () {
      return yield* manager.spawn(() => 1)
    })
    expect(await failureOf(outer)).toBeInstanceOf(DeadlockError)
  })

  it('gets it when every slot is held by one that waits likewise', async () => {
    const statuses = await virtually(async () => {
      const manager = await start(2)
      const outers = [1, 2].map(n => manager.spawn(async () => await manager.spawn(() => n)))
      const outcomes = await Promise.allSettled(outers)
      await manager.drain()
      return outcomes.map(each => each.status)
    })
    expect(statuses.sort()).toEqual(['fulfilled', 'rejected'])
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
    const error = await virtually(async () => {
      const [one, two] = [await start(1), await start(1)]
      const outer = one.spawn(async () => await two.spawn(async () => await one.spawn(() => 1)))
      return await failureOf(outer)
    })
    expect(error).toBeInstanceOf(DeadlockError)
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
