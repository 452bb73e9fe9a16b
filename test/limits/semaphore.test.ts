import { ensure, type Operation, run, sleep, spawn, suspend, until } from 'effection'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { TaskTimeoutError } from '../../src/base/errors.ts'
import { Semaphore } from '../../src/limits/semaphore.ts'
import { runs } from '../fuzz/runs.ts'
import { autojump, settle } from '../harness.ts'
import { HOSTILE } from '../hostile.ts'

const delay = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

describe('acquire', () => {
  it('gives permits in the order of the calls, not of the awaits', async () => {
    const semaphore = new Semaphore(1)
    const holder = await semaphore.acquire()
    const order: string[] = []
    const first = semaphore.acquire()
    const second = semaphore.acquire()
    const take = (name: string) => (permit: Disposable) => {
      order.push(name)
      permit[Symbol.dispose]()
    }
    const both = [second.then(take('second')), first.then(take('first'))]
    holder.release()
    await Promise.all(both)
    expect(order).toEqual(['first', 'second'])
  })

  it('hands a freed permit to the first in line before anyone new can take it', async () => {
    const semaphore = new Semaphore(1)
    const holder = await semaphore.acquire()
    const waiting = semaphore.acquire()
    holder.release()
    expect(semaphore.tryAcquire()).toBeUndefined()
    const late = semaphore.acquire()
    const permit = await waiting
    expect(semaphore.waiting).toBe(1)
    permit.release()
    ;(await late).release()
    expect(semaphore.available).toBe(1)
  })

  it('lets nobody pass one who asks for more than is free', async () => {
    const semaphore = new Semaphore(3)
    const holder = await semaphore.acquire(1)
    const order: string[] = []
    const large = semaphore.acquire(3).then(permit => {
      order.push('large')
      permit.release()
    })
    const small = semaphore.acquire(1).then(permit => {
      order.push('small')
      permit.release()
    })
    expect(semaphore.tryAcquire()).toBeUndefined()
    await settle()
    expect(order).toEqual([])
    holder.release()
    await Promise.all([large, small])
    expect(order).toEqual(['large', 'small'])
  })

  it('rejects with TaskTimeoutError after the timeout and wakes the one behind', async () => {
    const { elapsed } = await autojump(async () => {
      const semaphore = new Semaphore(2)
      const holder = await semaphore.acquire(1)
      const large = semaphore.acquire(2, { timeout: 50 })
      const small = semaphore.acquire(1)
      await expect(large).rejects.toSatisfy(error => error instanceof TaskTimeoutError && error.limit === 50)
      ;(await small).release()
      holder.release()
      expect([semaphore.available, semaphore.waiting]).toEqual([2, 0])
    })
    expect(elapsed).toBe(50)
  })

  it('rejects with the reason of its signal and leaves no listener or timer behind', async () => {
    const semaphore = new Semaphore(1)
    const holder = await semaphore.acquire()
    const controller = new AbortController()
    const reason = new Error('enough')
    const cancelled = semaphore.acquire(1, { signal: controller.signal })
    const next = semaphore.acquire()
    controller.abort(reason)
    await expect(cancelled).rejects.toBe(reason)
    await expect(semaphore.acquire(1, { signal: controller.signal })).rejects.toBe(reason)
    holder.release()
    ;(await next).release()
    expect(semaphore.available).toBe(1)
  })

  it('does not time out what can be had at once', async () => {
    const { elapsed } = await autojump(async () => {
      const semaphore = new Semaphore(1)
      const permit = await semaphore.acquire(1, { timeout: 0 })
      permit.release()
    })
    expect(elapsed).toBe(0)
  })

  it('refuses wrong options at the call', () => {
    const semaphore = new Semaphore(2)
    expect(() => semaphore.acquire(3)).toThrow(new RangeError('count must be a whole number from 1 to 2, got 3'))
    expect(() => semaphore.acquire(0)).toThrow(RangeError)
    expect(() => semaphore.acquire('1' as never)).toThrow(TypeError)
    expect(() => semaphore.acquire(1, { timeout: -1 })).toThrow(RangeError)
    expect(() => semaphore.acquire(1, { signal: {} as never })).toThrow(TypeError)
    expect(() => semaphore.use(Promise.resolve() as never)).toThrow(TypeError)
    expect(() => new Semaphore(0)).toThrow(RangeError)
    expect(() => new Semaphore(1.5)).toThrow(RangeError)
    expect(semaphore.available).toBe(2)
  })
})

describe('a permit', () => {
  it('is released once, however often it is told', async () => {
    const semaphore = new Semaphore(1)
    const permit = await semaphore.acquire()
    permit.release()
    permit.release()
    permit[Symbol.dispose]()
    await permit[Symbol.asyncDispose]()
    expect([semaphore.available, permit.released]).toEqual([1, true])
  })

  it('is released by using and by await using', async () => {
    const semaphore = new Semaphore(1)
    {
      using permit = await semaphore.acquire()
      expect([semaphore.available, permit.released]).toEqual([0, false])
    }
    {
      await using _permit = await semaphore.acquire()
      expect(semaphore.available).toBe(0)
    }
    expect(semaphore.available).toBe(1)
  })
})

describe('in an operation', () => {
  it('holds the permit until the surrounding scope ends', async () => {
    const semaphore = new Semaphore(1)
    await run(function* () {
      const task = yield* spawn(function* () {
        yield* semaphore.acquire()
        yield* sleep(0)
        return semaphore.available
      })
      expect(yield* task).toBe(0)
      expect(semaphore.available).toBe(1)
    })
  })

  it('takes a halted waiter out of the line', async () => {
    const semaphore = new Semaphore(1)
    const holder = await semaphore.acquire()
    const waiter = run(function* () {
      yield* semaphore.acquire()
    })
    const next = semaphore.acquire()
    expect(semaphore.waiting).toBe(2)
    await waiter.halt().catch(() => {})
    waiter.catch(() => {})
    expect(semaphore.waiting).toBe(1)
    holder.release()
    ;(await next).release()
    expect(semaphore.available).toBe(1)
  })

  it('does not lose a permit that was granted to a waiter halted before it resumed', async () => {
    const semaphore = new Semaphore(1)
    const holder = await semaphore.acquire()
    let resumed = false
    const waiter = run(function* () {
      yield* semaphore.acquire()
      resumed = true
      yield* suspend()
    })
    waiter.catch(() => {})
    await settle()
    holder.release()
    await waiter.halt().catch(() => {})
    expect([resumed, semaphore.available, semaphore.waiting]).toEqual([false, 1, 0])
  })
})

describe.each(Object.entries(HOSTILE))('what is thrown: %s', (_, make) => {
  it('comes to an operation that yields to a permit, from the signal', async () => {
    const semaphore = new Semaphore(1)
    await semaphore.acquire()
    const [signal, reason] = [new AbortController(), make()]
    const task = run(function* () {
      const caught = yield* caughtFrom(semaphore.acquire(1, { signal: signal.signal }))
      expect(caught.error === reason).toBe(true)
    })
    signal.abort(reason)
    await task
    expect(semaphore.waiting).toBe(0)
  })

  it('comes to code that awaits or yields to work, of every kind', async () => {
    const semaphore = new Semaphore(1)
    const error = make()
    const work: (() => unknown)[] = [
      () => Promise.reject(error),
      function* () {
        yield* sleep(0)
        throw error
      },
    ]
    for (const each of work) {
      const failed = await semaphore.use(each).then(
        () => ({ error: 'nothing' }),
        (thrown: unknown) => ({ error: thrown }),
      )
      expect(failed.error === error).toBe(true)
      await run(function* () {
        const caught = yield* caughtFrom(semaphore.use(each))
        expect(caught.error === error).toBe(true)
      })
    }
    expect(semaphore.available).toBe(1)
  })
})

/** In an object: what can't be read can't be looked at by a promise or by effection. */
function* caughtFrom(operation: Operation<unknown>): Operation<{ readonly error: unknown }> {
  try {
    yield* operation
  } catch (error) {
    return { error }
  }
  return { error: 'nothing' }
}

describe('on', () => {
  it('tells when the last permit is taken and when there is one again, not of those that are handed on', async () => {
    const semaphore = new Semaphore(2)
    const told: string[] = []
    const ends = (['exhausted', 'available'] as const).map(event => semaphore.on(event, () => told.push(event)))
    const [first, second] = [await semaphore.acquire(), await semaphore.acquire()]
    await settle()
    expect(told).toEqual(['exhausted'])
    const waiting = semaphore.acquire()
    first.release()
    const third = await waiting
    await settle()
    expect(told).toEqual(['exhausted'])
    second.release()
    third.release()
    await settle()
    semaphore.tryAcquire()?.release()
    semaphore.permits = 1
    semaphore.tryAcquire()
    await settle()
    semaphore.permits = 5
    await settle()
    expect(told).toEqual(['exhausted', 'available', 'exhausted', 'available'])
    for (const end of ends) end()
    await semaphore.acquire(4)
    await settle()
    expect(told).toHaveLength(4)
  })

  it('survives listeners that throw, reject or acquire, and refuses what is none', async () => {
    const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => errors.mockRestore())
    const semaphore = new Semaphore(1)
    semaphore.on('available', () => {
      throw new Error('thrown')
    })
    semaphore.on('available', () => Promise.reject(new Error('rejected')))
    semaphore.on('available', () => semaphore.tryAcquire())
    ;(await semaphore.acquire()).release()
    await settle()
    expect(semaphore.available).toBe(0)
    expect(errors.mock.calls.map(([, error]) => error.message)).toEqual(['thrown', 'rejected'])
    expect(() => semaphore.on('full' as 'exhausted', () => {})).toThrow(RangeError)
    expect(() => semaphore.on('exhausted', 1 as never)).toThrow(TypeError)
  })
})

describe('use', () => {
  it('takes plain functions, promise functions and operations, and releases after each', async () => {
    const semaphore = new Semaphore(1)
    expect(await semaphore.use(() => [semaphore.available])).toEqual([0])
    expect(await semaphore.use(async () => semaphore.available)).toBe(0)
    const generator = function* () {
      yield* sleep(0)
      return semaphore.available
    }
    expect(await semaphore.use(generator)).toBe(0)
    await run(function* () {
      expect(yield* semaphore.use(() => semaphore.available)).toBe(0)
      expect(yield* semaphore.use(async () => semaphore.available)).toBe(0)
      expect(semaphore.available).toBe(1)
      expect(yield* semaphore.use(generator)).toBe(0)
      expect(semaphore.available).toBe(1)
    })
    expect(semaphore.available).toBe(1)
  })

  it('releases when the work fails, and passes the error on as it is', async () => {
    const semaphore = new Semaphore(1)
    const error = new Error('mine')
    const fail = () => {
      throw error
    }
    await expect(semaphore.use(fail)).rejects.toBe(error)
    await expect(semaphore.use(() => Promise.reject(error))).rejects.toBe(error)
    await expect(
      run(function* () {
        yield* semaphore.use(fail)
      }),
    ).rejects.toBe(error)
    expect(semaphore.available).toBe(1)
  })

  it('runs without being awaited', async () => {
    const semaphore = new Semaphore(1)
    let ran = 0
    void semaphore.use(() => {
      ran += 1
    })
    await settle()
    expect([ran, semaphore.available]).toEqual([1, 1])
  })

  it('is halted with the operation that yields to it, cleanup first, then the permit', async () => {
    const semaphore = new Semaphore(1)
    const seen: number[] = []
    const task = run(function* () {
      yield* semaphore.use(function* () {
        yield* ensure(() => {
          seen.push(semaphore.available)
        })
        yield* suspend()
      })
    })
    task.catch(() => {})
    await settle()
    expect(semaphore.available).toBe(0)
    await task.halt().catch(() => {})
    expect([seen, semaphore.available]).toEqual([[0], 1])
  })

  it('throws what the cleanup of halted work throws', async () => {
    const semaphore = new Semaphore(1)
    const error = new Error('cleanup')
    const task = run(function* () {
      yield* semaphore.use(function* () {
        try {
          yield* suspend()
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: the case
          throw error
        }
      })
    })
    task.catch(() => {})
    await settle()
    await expect(task.halt().then(() => {})).rejects.toBe(error)
    expect(semaphore.available).toBe(1)
  })

  it('keeps the permit of a halted promise function until the promise has settled', async () => {
    const semaphore = new Semaphore(1)
    const gate = Promise.withResolvers<void>()
    const task = run(function* () {
      yield* semaphore.use(() => gate.promise)
    })
    task.catch(() => {})
    await settle()
    await task.halt().catch(() => {})
    expect(semaphore.available).toBe(0)
    gate.resolve()
    await settle()
    expect(semaphore.available).toBe(1)
  })

  it('gives its place up when halted in line', async () => {
    const semaphore = new Semaphore(1)
    const holder = await semaphore.acquire()
    const task = run(function* () {
      yield* semaphore.use(() => expect.unreachable())
    })
    task.catch(() => {})
    await settle()
    await task.halt().catch(() => {})
    expect(semaphore.waiting).toBe(0)
    holder.release()
    expect(semaphore.available).toBe(1)
  })
})

type Plan = { readonly count: number; readonly kind: 'promise' | 'operation'; readonly cancelled: boolean }

const plan: fc.Arbitrary<Plan> = fc.record({
  count: fc.integer({ min: 1, max: 3 }),
  kind: fc.constantFrom('promise', 'operation'),
  cancelled: fc.boolean(),
})

it('never gives out more than there is, keeps the order and loses nothing, whatever is cancelled when', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.integer({ min: 3, max: 4 }),
      fc.array(plan, { minLength: 1, maxLength: 8 }),
      async (scheduler, permits, plans) => {
        const semaphore = new Semaphore(permits)
        const granted: number[] = []
        let held = 0
        const enter = (index: number, count: number) => {
          granted.push(index)
          held += count
          expect(held).toBeLessThanOrEqual(permits)
        }
        const all = plans.map(({ count, kind, cancelled }, index) => {
          const controller = new AbortController()
          const acquisition = semaphore.acquire(count, kind === 'promise' ? { signal: controller.signal } : {})
          const step = () => scheduler.schedule(Promise.resolve(), `step of ${index}`)
          if (kind === 'promise') {
            if (cancelled) step().then(() => controller.abort())
            return acquisition.then(
              async permit => {
                enter(index, count)
                await step()
                held -= count
                permit.release()
              },
              () => {},
            )
          }
          const task = run(function* () {
            yield* acquisition
            enter(index, count)
            yield* ensure(() => {
              held -= count
            })
            yield* until(step())
          })
          if (cancelled) step().then(() => task.halt().catch(() => {}))
          return task.catch(() => {})
        })
        await scheduler.waitIdle()
        await Promise.all(all)
        await settle()
        expect(granted).toEqual(granted.toSorted((a, b) => a - b))
        expect([held, semaphore.available, semaphore.waiting]).toEqual([0, permits, 0])
        const expected = plans.flatMap((each, index) => (each.cancelled ? [] : [index]))
        expect(granted).toEqual(expect.arrayContaining(expected))
      },
    ),
    runs(150),
  )
})

it('wakes waiters by releases alone: no timer is armed', async () => {
  await expect(
    autojump(async () => {
      const semaphore = new Semaphore(1)
      await semaphore.acquire()
      await semaphore.acquire()
    }),
  ).rejects.toThrow('deadlock')
  const { elapsed } = await autojump(async () => {
    const semaphore = new Semaphore(1)
    await Promise.all([1, 2, 3].map(() => semaphore.use(() => delay(10))))
  })
  expect(elapsed).toBe(30)
})

describe('permits', () => {
  it('may be set while they are in use: more are handed out at once, fewer when enough came back', async () => {
    const semaphore = new Semaphore(1)
    const first = await semaphore.acquire()
    const [second, third] = [semaphore.acquire(), semaphore.acquire()]
    semaphore.permits = 3
    expect([semaphore.permits, semaphore.available, semaphore.waiting]).toEqual([3, 0, 0])
    semaphore.permits = 1
    const last = semaphore.acquire()
    first.release()
    ;(await second).release()
    expect([semaphore.available, semaphore.waiting]).toEqual([0, 1])
    ;(await third).release()
    ;(await last).release()
    expect([semaphore.available, semaphore.waiting]).toEqual([1, 0])
    for (const wrong of [0, 1.5, Number.NaN]) {
      expect(() => {
        semaphore.permits = wrong
      }).toThrow(RangeError)
    }
    expect(semaphore.permits).toBe(1)
  })

  it('come back in parts', async () => {
    const semaphore = new Semaphore(4)
    const permit = await semaphore.acquire(4)
    const two = semaphore.acquire(2)
    permit.release(1)
    expect([permit.count, permit.released, semaphore.available]).toEqual([3, false, 1])
    expect(() => permit.release(4)).toThrow(RangeError)
    expect(() => permit.release(0)).toThrow(RangeError)
    permit.release(1)
    expect((await two).count).toBe(2)
    permit.release(2)
    permit.release(2)
    expect([permit.count, permit.released, semaphore.available]).toEqual([0, true, 2])
  })

  it('go to the higher priority, and in order within one', async () => {
    const semaphore = new Semaphore(2)
    const held = await semaphore.acquire(2)
    const order: string[] = []
    const ask = (name: string, priority?: number, count = 1) =>
      semaphore.use(() => void order.push(name), { count, ...(priority !== undefined && { priority }) })
    const all = [ask('first'), ask('low', -1), ask('second'), ask('high', 5, 2), ask('higher', 9, 2)]
    held.release(1)
    await settle()
    expect(order).toEqual([])
    held.release()
    await Promise.all(all)
    expect(order).toEqual(['higher', 'high', 'first', 'second', 'low'])
    expect(() => semaphore.acquire(1, { priority: Number.NaN })).toThrow(RangeError)
    expect([semaphore.available, semaphore.waiting]).toEqual([2, 0])
  })

  it('are held together by work that says how many', async () => {
    const semaphore = new Semaphore(3)
    expect(await semaphore.use(() => semaphore.available, { count: 3 })).toBe(0)
    expect(() => semaphore.use(() => 1, { count: 4 })).toThrow(RangeError)
  })

  it('can be waited for without being taken, and without holding up anybody', async () => {
    const semaphore = new Semaphore(2)
    await semaphore.whenAvailable(2)
    const held = await semaphore.acquire()
    let room = false
    const both = semaphore.whenAvailable(2).then(() => {
      room = true
    })
    ;(await semaphore.acquire()).release()
    await settle()
    expect(room).toBe(false)
    held.release()
    await both
    expect(semaphore.available).toBe(2)
    await expect(semaphore.whenAvailable(2, { signal: AbortSignal.abort('enough') })).rejects.toBe('enough')
    await expect(semaphore.whenAvailable(3)).rejects.toThrow(RangeError)
  })

  it('are not kept from others for a moment by those who only wait for room', async () => {
    const semaphore = new Semaphore(1)
    const held = await semaphore.acquire()
    const told = Array.from({ length: 20_000 }, () => semaphore.whenAvailable())
    held.release()
    const next = semaphore.tryAcquire()
    expect(next).toBeDefined()
    await Promise.all(told)
    expect(semaphore.waiting).toBe(0)
  })

  it('are left alone by a wait for room that is given up', async () => {
    const semaphore = new Semaphore(1)
    await semaphore.acquire()
    await autojump(async () => {
      await expect(semaphore.whenAvailable(1, { timeout: 10 })).rejects.toThrow(TaskTimeoutError)
    })
    const controller = new AbortController()
    const waiting = semaphore.whenAvailable(1, { signal: controller.signal })
    controller.abort('enough')
    await expect(waiting).rejects.toBe('enough')
    expect(semaphore.waiting).toBe(0)
    await expect(semaphore.whenAvailable(1, { timout: 1 } as object)).rejects.toThrow(/timout.*timeout/)
  })
})
