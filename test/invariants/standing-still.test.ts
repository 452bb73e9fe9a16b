import { type Operation, race, sleep } from 'effection'
import { describe, expect, it } from 'vitest'
import { DeadlockError, gather, type TaskHandle, TaskManager, type TaskManagerOptions } from '../../src/index.ts'
import { createGate, runVirtual, settle } from '../../src/testing.ts'
import { elapse } from './work.ts'

type Handle = TaskHandle<unknown>

/** Runs with a manager in virtual time; a hang is an error that the virtual clock names. */
async function within<T>(options: TaskManagerOptions, body: (manager: TaskManager) => Promise<T>) {
  return await runVirtual(async () => await body(await TaskManager.start({ logger: false, ...options })))
}

/** By `await`, which counts inside a task. */
async function outcome(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await promise
  } catch (error) {
    return error
  }
}

/** Two tasks that await each other. */
function ring(manager: TaskManager, other = manager): [Handle, Handle] {
  const first: Handle = manager.spawn(async () => await second)
  const second: Handle = other.spawn(async () => await first)
  return [first, second]
}

describe('invariant 14: tasks that stand still', () => {
  it.each([
    [1_000, {}],
    [50, { deadlockAfter: 50 }],
    [0, { deadlockAfter: 0 }],
  ])('get the error after %d ms', async (expected, options) => {
    const { value, elapsed } = await within(options, async manager => {
      const [, second] = ring(manager)
      return await outcome(second)
    })
    expect(value).toBeInstanceOf(DeadlockError)
    expect(elapsed).toBe(expected)
  })

  it('get it after the longest time of all their managers', async () => {
    const { value, elapsed } = await within({ deadlockAfter: 50 }, async manager => {
      const patient = await TaskManager.start({ deadlockAfter: 300 })
      return await outcome(ring(manager, patient)[1])
    })
    expect(value).toBeInstanceOf(DeadlockError)
    expect(elapsed).toBe(300)
  })

  it('get it at once for a wait that is certain', async () => {
    const { value, elapsed } = await within({}, async manager => {
      const first: Handle = manager.spawn(function* (): Operation<unknown> {
        return yield* second
      })
      const second: Handle = manager.spawn(function* (): Operation<unknown> {
        return yield* first
      })
      return await outcome(second)
    })
    expect(value).toBeInstanceOf(DeadlockError)
    expect(elapsed).toBe(0)
  })

  it('get it once: the others come to their end', async () => {
    const { value } = await within({ maxTasks: 3 }, async manager => {
      const parents = [1, 2, 3].map(n => manager.spawn(async () => await manager.spawn(() => n)))
      return await Promise.all(parents.map(outcome))
    })
    expect(value).toEqual([1, 2, expect.any(DeadlockError)])
  })

  it('get it in the very await that can never end', async () => {
    const { value, elapsed } = await within({}, async manager => {
      const bystander = manager.spawn(() => elapse(5_000))
      const first: Handle = manager.spawn(async () => `first, after ${await second}`)
      const second: Handle = manager.spawn(async () => {
        await elapse(1)
        const other = bystander.then(() => 'bystander')
        const refused = await outcome(first)
        return `second, after ${(refused as Error).name} and ${await other}`
      })
      return [await first, await manager.spawn(async () => await first)]
    })
    const expected = 'first, after second, after DeadlockError and bystander'
    expect(value).toEqual([expected, expected])
    expect(elapsed).toBe(5_000)
  })

  it('get it although others wait for them, and those do not', async () => {
    const { value } = await within({}, async manager => {
      const [first, second] = ring(manager)
      await elapse(10)
      const later = manager.spawn(async () => await outcome(first).then(() => 'later'))
      return [await outcome(second), await later]
    })
    expect(value).toEqual([expect.any(DeadlockError), 'later'])
  })

  it('get it when what else they waited for has ended', async () => {
    const { value, elapsed } = await within({ maxTasks: 5 }, async manager => {
      const long = manager.spawn(() => elapse(30_000))
      const first: Handle = manager.spawn(async () => await gather([second, long]))
      const second: Handle = manager.spawn(async () => await first)
      return await outcome(second)
    })
    expect(value).toBeInstanceOf(DeadlockError)
    expect(elapsed).toBe(31_000)
  })

  it('with Infinity, or in knots with Promise.all, get it when nothing else is left to do', async () => {
    const { value, elapsed } = await within({ deadlockAfter: Number.POSITIVE_INFINITY }, async manager => {
      const first: Handle = manager.spawn(async () => await Promise.all([second, createGate()]))
      const second: Handle = manager.spawn(async () => await first.then(value => value))
      await elapse(60_000)
      return await outcome(second)
    })
    expect(value).toBeInstanceOf(DeadlockError)
    expect(elapsed).toBe(60_000)
  })

  it('each get the error of their own knot', async () => {
    const { value, elapsed } = await within({}, async manager => {
      const rings = Array.from({ length: 5 }, () => ring(manager))
      return await Promise.all(rings.map(([, second]) => outcome(second)))
    })
    expect(value).toHaveLength(5)
    for (const each of value) expect(each).toBeInstanceOf(DeadlockError)
    expect(elapsed).toBe(1_000)
  })
})

describe('invariant 14: no error while things go on', () => {
  it('for a logger in the background that awaits', async () => {
    const { value, elapsed } = await within({}, async manager => {
      const log: unknown[] = []
      const first: Handle = manager.spawn(async task => {
        const logging = async () => log.push(await second)
        logging()
        for (let step = 0; step < 50; step += 1) {
          await elapse(100)
          task.progress(step / 50)
        }
        return 'first'
      })
      const second: Handle = manager.spawn(async () => `after ${await first}`)
      await second
      await settle()
      return log
    })
    expect(value).toEqual(['after first'])
    expect(elapsed).toBe(5_000)
  })

  it('for a race that something else wins', async () => {
    const { value } = await within({}, async manager => {
      const first: Handle = manager.spawn(async () => await Promise.race([second, elapse(20).then(() => 'timer')]))
      const second: Handle = manager.spawn(async () => await first)
      return await second
    })
    expect(value).toBe('timer')
  })

  it('for a race in an operation', async () => {
    const { value } = await within({}, async manager => {
      const first: Handle = manager.spawn(() => race([sleep(20), second as TaskHandle<void>]))
      const second: Handle = manager.spawn(function* (): Operation<unknown> {
        yield* first
        return 'second'
      })
      return await second
    })
    expect(value).toBe('second')
  })

  it('for one slot, where the parent only hears of its child', async () => {
    const { value } = await within({ maxTasks: 1 }, async manager => {
      const heard: unknown[] = []
      await manager.spawn(async () => {
        const child = manager.spawn(() => 'child')
        child.then(value => heard.push(value))
        child.then(heard.push.bind(heard))
        child.finally(() => heard.push('finally'))
        await elapse(60_000)
      })
      await manager.drain()
      await settle()
      return heard
    })
    expect(value).toEqual(['child', 'child', 'finally'])
  })

  it.each<[string, (manager: TaskManager, n: number) => unknown]>([
    ['spawn', manager => void manager.spawn(() => 'extra')],
    ['wait for something', manager => manager.spawn(() => elapse(1))],
  ])('for tasks that %s now and then', async (_, sign) => {
    const { value, elapsed } = await within({ deadlockAfter: 100 }, async manager => {
      const first: Handle = manager.spawn(async () => {
        const background = outcome(second)
        for (let n = 0; n < 20; n += 1) {
          await elapse(90)
          await sign(manager, n)
        }
        return [await Promise.race([background, 'not yet']), 'first']
      })
      const second: Handle = manager.spawn(async () => await first)
      return await second
    })
    expect(value).toEqual(['not yet', 'first'])
    expect(elapsed).toBeGreaterThan(1_500)
  })

  it('for what an attempt awaited that is over', async () => {
    const { value } = await within({}, async manager => {
      const first: Handle = manager.spawn(
        async ({ attempt }) => {
          await elapse(attempt === 1 ? 10 : 5_000)
          if (attempt > 1) return 'first'
          outcome(second)
          await elapse(10)
          throw new Error('again')
        },
        { retry: { retries: 1, backoff: () => 0 } },
      )
      const second: Handle = manager.spawn(async () => await first)
      return await second
    })
    expect(value).toBe('first')
  })
})

describe('invariant 14: what looking for knots costs', () => {
  it.each<[string, number, (before: Handle) => () => unknown]>([
    ['awaits', 10_000, before => async () => await before],
    [
      'awaits by yield*',
      1_000,
      before =>
        function* (): Operation<unknown> {
          return yield* before
        },
    ],
  ])('is no search per task, in a long chain where each %s the one before', async (_, length, work) => {
    const { value } = await within({ maxTasks: length }, async manager => {
      const start = createGate<string>()
      const chain: Handle[] = [manager.spawn(() => start)]
      while (chain.length < length) chain.push(manager.spawn(work(chain.at(-1) as Handle)))
      await elapse(2_500)
      start.open('through')
      return await chain.at(-1)
    })
    expect(value).toBe('through')
  })

  it('finds a ring of thousands', async () => {
    const length = 10_000
    const { value } = await within({ maxTasks: length }, async manager => {
      const handles: Handle[] = Array.from({ length }, (_, n) =>
        manager.spawn(async () => await handles[(n + 1) % length]),
      )
      return await outcome(handles[0] as Handle)
    })
    expect(value).toBeInstanceOf(DeadlockError)
  })

  it('leaves no listener and no timer behind', async () => {
    await within({}, async manager => {
      const before = process.listenerCount('beforeExit')
      const gate = createGate()
      const inner = manager.spawn(() => gate)
      const outer = manager.spawn(async () => await inner)
      await settle()
      expect(process.listenerCount('beforeExit')).toBe(before + 1)
      gate.open()
      await outer
      expect(process.listenerCount('beforeExit')).toBe(before)
    })
  })
})
