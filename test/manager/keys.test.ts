import { getEventListeners } from 'node:events'
import { install } from '@sinonjs/fake-timers'
import { describe, expect, it } from 'vitest'
import { now } from '../../src/base/clock.ts'
import {
  DeadlockError,
  DuplicateKeyError,
  gather,
  QueueFullError,
  type SpawnOptions,
  TaskCancelledError,
  type TaskContext,
  TaskManager,
  TaskTimeoutError,
} from '../../src/index.ts'
import { schedulerOf } from '../../src/manager/task-manager.ts'
import { createGate, runVirtual, settle } from '../../src/testing.ts'
import { delay, failureOf, forever, untilAborted } from '../work.ts'

async function virtually(
  body: (manager: TaskManager) => Promise<void>,
  options: Parameters<typeof TaskManager.start>[0] = {},
): Promise<void> {
  await runVirtual(async () => {
    const manager = await TaskManager.start(options)
    await body(manager)
    await manager.cancelAll()
    await manager.drain().catch(() => {})
    await settle()
    const kept = schedulerOf(manager).keys.size
    if (kept > 0) await delay(10_000)
    expect(schedulerOf(manager).keys.size).toBe(0)
    await manager.close()
  })
}

describe('a task that joins another one', () => {
  it('is the same task, with one outcome for all handles', async () => {
    await virtually(async manager => {
      let runs = 0
      const gate = createGate()
      const work = async () => {
        runs += 1
        await gate
        return { runs }
      }
      const first = manager.spawn(work, { key: 'a', name: 'report' })
      const second = manager.spawn(work, { key: 'a' })
      await settle()
      const third = manager.spawn(work, { key: 'a' })
      const other = manager.spawn(work, { key: 'b' })
      expect([second.id, third.id, second.name]).toEqual([first.id, first.id, 'report'])
      expect(third.status).toBe('running')
      expect(manager.stats()).toMatchObject({ running: 1, pending: 1 })
      gate.open()
      const [one, two] = await gather([first, second])
      expect(two).toBe(one)
      expect(await third).toBe(one)
      expect(third.result()).toBe(one)
      await other
      expect(runs).toBe(2)
      expect(third.record()).toEqual(first.record())
      expect(first.record()).toMatchObject({ key: 'a', status: 'done' })
      expect(await manager.spawn(() => 'again', { key: 'a' })).toBe('again')
    })
  })

  it('gets the failure too, and one look at it counts for all', async () => {
    const told: unknown[] = []
    await virtually(
      async manager => {
        const error = new Error('no')
        const work = async () => {
          throw error
        }
        const [first, second] = [1, 2].map(() => manager.spawn(work, { key: 'a' }))
        expect(await failureOf(second as never)).toBe(error)
        await settle()
        expect(told).toEqual([])
        expect(first?.exception()).toBe(error)
        manager.spawn(work, { key: 'b' })
        manager.spawn(work, { key: 'b' })
        await delay(1)
        expect(told).toEqual([error])
      },
      { onError: error => told.push(error) },
    )
  })

  it('is cancelled alone, and the work by the last', async () => {
    await virtually(async manager => {
      let stopped = false
      const work = ({ signal }: { signal: AbortSignal }) => untilAborted(signal, 10).finally(() => (stopped = true))
      const [first, second, third] = [1, 2, 3].map(() => manager.spawn(work, { key: 'a' })) as [never, never, never]
      const handles = [first, second, third] as ReturnType<typeof manager.spawn>[]
      await settle()
      expect(await handles[0]?.cancel('not me')).toBe(true)
      expect(await handles[0]?.cancel('again')).toBe(false)
      expect(await failureOf(first)).toMatchObject({ name: 'TaskCancelledError', cause: 'not me' })
      expect(handles[0]?.record()).toMatchObject({ status: 'cancelled', cancelReason: 'not me', abandoned: false })
      await handles[2]?.cancel()
      expect(handles[1]?.status).toBe('running')
      expect(stopped).toBe(false)
      expect(handles[1]?.record().status).toBe('running')
      expect(await handles[1]?.cancel('nobody')).toBe(true)
      expect(stopped).toBe(true)
      expect(handles.map(handle => handle.status)).toEqual(['cancelled', 'cancelled', 'cancelled'])
      expect(manager.stats().cancelled).toBe(1)
    })
  })

  it('has a deadline and a signal of its own', async () => {
    const told: unknown[] = []
    await virtually(
      async manager => {
        const controller = new AbortController()
        const from = now()
        const first = manager.spawn(() => delay(100, 'done'), { key: 'a', deadline: 30 })
        const second = manager.spawn(() => 0, { key: 'a', signal: controller.signal })
        const third = manager.spawn(() => 0, { key: 'a' })
        const aborted = manager.spawn(() => 0, { key: 'a', signal: AbortSignal.abort('before') })
        expect(await failureOf(aborted)).toMatchObject({ cause: 'before' })
        expect(await failureOf(first)).toBeInstanceOf(TaskTimeoutError)
        expect(now() - from).toBe(30)
        expect(first.record()).toMatchObject({ status: 'failed', error: { limit: 30 } })
        controller.abort('enough')
        expect(await failureOf(second)).toMatchObject({ cause: 'enough' })
        expect(await third).toBe('done')
        // Nobody looks at this one, whose deadline passes while others wait.
        manager.spawn(() => delay(100), { key: 'b', deadline: 10 })
        await manager.spawn(() => 0, { key: 'b' })
        expect(told).toMatchObject([{ limit: 10 }])
        // The last deadline ends the work.
        const last = manager.spawn(({ signal }) => untilAborted(signal), { key: 'c', deadline: 10 })
        expect(await failureOf(last)).toMatchObject({ name: 'TaskTimeoutError', limit: 10 })
        expect(manager.stats()).toMatchObject({ running: 0, failed: 1 })
      },
      { onError: error => told.push(error) },
    )
  })

  it('leaves no timer and no listener behind', async () => {
    const clock = install({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
    try {
      const manager = await TaskManager.start()
      const { signal } = new AbortController()
      const options = { key: 'a', deadline: 3_600_000, signal }
      const [first, second] = [manager.spawn(settle, options), manager.spawn(settle, options)]
      await second.cancel()
      expect(clock.countTimers()).toBe(1)
      await first
      expect(clock.countTimers()).toBe(0)
      expect(getEventListeners(signal, 'abort')).toEqual([])
      await manager.close()
    } finally {
      clock.uninstall()
    }
  })

  it('waits for another one where the work is being cancelled', async () => {
    await virtually(async manager => {
      const log: string[] = []
      const first = manager.spawn(({ signal }) => untilAborted(signal, 20).finally(() => log.push('stopped')), {
        key: 'a',
      })
      await settle()
      const cancelled = first.cancel()
      const second = manager.spawn(() => log.push('second'), { key: 'a' })
      const third = manager.spawn(() => log.push('third'), { key: 'a' })
      expect(second.id).toBe(2)
      expect(third.id).toBe(2)
      expect(second.status).toBe('pending')
      await cancelled
      await second
      expect(log).toEqual(['stopped', 'second'])
    })
  })

  it('needs no room in the queue', async () => {
    await virtually(
      async manager => {
        const first = manager.spawn(forever, { key: 'a' })
        await settle()
        const second = manager.spawn(forever, { key: 'b' })
        expect(() => manager.spawn(forever, { key: 'c' })).toThrow(QueueFullError)
        expect(manager.spawn(forever, { key: 'a' }).id).toBe(first.id)
        expect(manager.spawn(forever, { key: 'b' }).id).toBe(second.id)
        // In the place of that one.
        manager.spawn(() => 1, { key: 'b', onDuplicate: 'replace' })
        expect(second.status).toBe('cancelled')
        await first.cancel()
      },
      { maxTasks: 1, maxPending: 1, cleanupTimeout: 5 },
    )
  })

  it('is a deadlock with a name when the task itself awaits it', async () => {
    await virtually(async manager => {
      const handle = manager.spawn(async () => await manager.spawn(() => 1, { key: 'a' }), { key: 'a' })
      expect(await failureOf(handle)).toBeInstanceOf(DeadlockError)
      const operation = manager.spawn(
        function* () {
          return yield* manager.spawn(() => 1, { key: 'a' })
        },
        { key: 'a' },
      )
      expect(await failureOf(operation)).toBeInstanceOf(DeadlockError)
    })
  })

  it('may be cancelled from inside the task', async () => {
    await virtually(async manager => {
      let own: Promise<unknown> = forever()
      const handle = manager.spawn(
        async ({ signal }) => {
          const inner = manager.spawn(() => 1, { key: 'a' })
          expect(await inner.cancel()).toBe(true)
          own = handle.cancel('from inside')
          expect(await own).toBe(true)
          signal.throwIfAborted()
        },
        { key: 'a' },
      )
      expect(await failureOf(handle)).toMatchObject({ cause: 'from inside' })
    })
  })

  it('shares the priority, the messages and the acceptance of the task', async () => {
    await virtually(async manager => {
      const gate = createGate()
      manager.spawn(() => gate)
      const first = manager.spawn(async ({ messages }) => (await messages.next()).value, { key: 'a' })
      const second = manager.spawn(() => 0, { key: 'a' })
      second.priority = 5
      expect(first.priority).toBe(5)
      await second.accepted
      expect(second.send('hello')).toBe(true)
      gate.open()
      expect(await first).toBe('hello')
      expect(second.send('late')).toBe(false)
    }, 1)
  })

  it('ends with the others when the manager cancels the task', async () => {
    await virtually(async manager => {
      const work = ({ signal }: { signal: AbortSignal }) => untilAborted(signal)
      const [first, second] = [manager.spawn(work, { key: 'a' }), manager.spawn(work, { key: 'a' })]
      await settle()
      await manager.get(first.id)?.cancel('by its id')
      expect(await failureOf(first)).toMatchObject({ cause: 'by its id' })
      expect(await failureOf(second)).toMatchObject({ cause: 'by its id' })
    })
  })

  it('is left by a scope that ends, and by `every`', async () => {
    await virtually(async manager => {
      const outer = manager.spawn(({ signal }) => untilAborted(signal), { key: 'a' })
      const error = await failureOf(
        manager.scope(async scope => {
          scope.spawn(() => 0, { key: 'a' })
          throw new Error('body')
        }),
      )
      expect(error).toMatchObject({ message: 'body' })
      expect(outer.status).not.toBe('cancelled')
      const every = manager.every(10, () => 0, { key: 'a', onDuplicate: 'reject' })
      await delay(35)
      expect(every.skipped).toBe(3)
      await every.stop()
      expect(outer.status).toBe('running')
    })
  })
})

describe('a task that is refused', () => {
  it('says who has the key, and leaves that alone', async () => {
    await virtually(async manager => {
      const gate = createGate()
      const first = manager.spawn(() => gate, { key: 'a', onDuplicate: 'reject' })
      const again = () => manager.spawn(() => 0, { key: 'a', onDuplicate: 'reject' })
      let error: unknown
      try {
        again()
      } catch (thrown) {
        error = thrown
      }
      expect(error).toBeInstanceOf(DuplicateKeyError)
      expect(error).toMatchObject({ code: 'ERR_DUPLICATE_KEY', key: 'a', id: first.id })
      expect((error as Error).message).toContain('task 1 lives with the key "a"')
      expect(manager.stats()).toMatchObject({ pending: 1, running: 0 })
      gate.open()
      await first
      expect(await again()).toBe(0)
    })
  })

  it.each<[SpawnOptions, unknown, string]>([
    [{ key: '' }, RangeError, 'key must be a string that is not empty'],
    [{ key: 5 as never }, TypeError, 'key must be a string'],
    [{ key: 'a', onDuplicate: 'replaced' as never }, RangeError, 'onDuplicate must be one of'],
    [{ onDuplicate: 'join' }, TypeError, 'onDuplicate is about a key'],
    [{ keepKeyFor: 5 }, TypeError, 'keepKeyFor is about a key'],
    [{ key: 'a', keepKeyFor: Number.POSITIVE_INFINITY }, RangeError, 'keepKeyFor must be a finite'],
  ])('where it makes no sense: %o', async (options, type, message) => {
    await using manager = await TaskManager.start()
    expect(() => manager.spawn(() => 1, options)).toThrow(type as typeof TypeError)
    expect(() => manager.spawn(() => 1, options)).toThrow(message)
    expect(() => manager.map([1], () => 1, { key: 'a' } as object)).toThrow('"key" must be a known option')
  })
})

describe('a task that replaces another one', () => {
  it('starts once that has stopped, and cancels it with a reason', async () => {
    await virtually(async manager => {
      const log: string[] = []
      const first = manager.spawn(({ signal }) => untilAborted(signal, 20).finally(() => log.push('stopped')), {
        key: 'a',
      })
      const joined = manager.spawn(() => 0, { key: 'a' })
      await settle()
      const second = manager.spawn(() => log.push('second'), { key: 'a', onDuplicate: 'replace' })
      const joiner = manager.spawn(() => log.push('never'), { key: 'a' })
      expect([first.status, second.status, joiner.id]).toEqual(['stopping', 'pending', second.id])
      const error = await failureOf(first)
      expect(error).toBeInstanceOf(TaskCancelledError)
      expect((error as Error).cause).toMatchObject({ name: 'DuplicateKeyError', key: 'a', id: second.id })
      expect(await failureOf(joined)).toMatchObject({ cause: { id: second.id } })
      await joiner
      expect(log).toEqual(['stopped', 'second'])
    })
  })

  it('takes the place of one that waits itself', async () => {
    await virtually(async manager => {
      const log: string[] = []
      manager.spawn(({ signal }) => untilAborted(signal, 20).finally(() => log.push('stopped')), { key: 'a' })
      await settle()
      const [second, third, fourth] = ['second', 'third', 'fourth'].map(name =>
        manager.spawn(() => log.push(name), { key: 'a', onDuplicate: 'replace' }),
      )
      expect([second?.status, third?.status, fourth?.status]).toEqual(['cancelled', 'cancelled', 'pending'])
      await fourth
      expect(log).toEqual(['stopped', 'fourth'])
    })
  })

  it('waits for work that cannot hear, at the latest for `cleanupTimeout`', async () => {
    await virtually(
      async manager => {
        const from = now()
        const first = manager.spawn(() => delay(50), { key: 'a' })
        await settle()
        const second = manager.spawn(() => now() - from, { key: 'a', onDuplicate: 'replace' })
        expect(first.status).toBe('cancelled')
        expect(first.record().abandoned).toBe(true)
        expect(await second).toBe(50)
        manager.spawn(forever, { key: 'b' })
        await settle()
        const third = manager.spawn(() => now() - from, { key: 'b', onDuplicate: 'replace' })
        expect(await third).toBe(150)
        expect(manager.stats().abandoned).toBe(1)
      },
      { cleanupTimeout: 100 },
    )
  })

  it('starts after work that goes on past its timeout, whatever it is to do with duplicates', async () => {
    for (const onDuplicate of ['join', 'reject', 'replace'] as const) {
      await virtually(async manager => {
        const from = now()
        const first = manager.spawn(() => delay(50), { key: 'a', timeout: 10 })
        await failureOf(first)
        expect(now() - from).toBe(10)
        expect(await manager.spawn(() => now() - from, { key: 'a', onDuplicate })).toBe(50)
      })
    }
  })

  it('waits for its delay as well', async () => {
    await virtually(async manager => {
      const from = now()
      const work = () => now() - from
      manager.spawn(({ signal }) => untilAborted(signal, 20), { key: 'a' })
      await settle()
      expect(await manager.spawn(work, { key: 'a', onDuplicate: 'replace', delay: 50 })).toBe(50)
      manager.spawn(({ signal }) => untilAborted(signal, 20), { key: 'a' })
      await settle()
      expect(await manager.spawn(work, { key: 'a', onDuplicate: 'replace', delay: 5 })).toBe(70)
    })
  })

  it('leaves everything as it was when its signal was aborted before', async () => {
    await virtually(async manager => {
      const first = manager.spawn(({ signal }) => untilAborted(signal), { key: 'a' })
      await settle()
      const options = { key: 'a', onDuplicate: 'replace', signal: AbortSignal.abort('before') } as const
      expect(await failureOf(manager.spawn(() => 0, options))).toMatchObject({ cause: 'before' })
      expect(first.status).toBe('running')
      expect(manager.spawn(() => 0, { key: 'a' }).id).toBe(first.id)
    })
  })

  it('starts though one that would have replaced it was aborted before it was spawned', async () => {
    await runVirtual(async () => {
      const manager = await TaskManager.start()
      const slow = ({ signal }: TaskContext) =>
        new Promise<void>(resolve => signal.addEventListener('abort', () => setTimeout(resolve, 20)))
      const first = manager.spawn(slow, { key: 'a' })
      await delay(5)
      const second = manager.spawn(() => 'second', { key: 'a', onDuplicate: 'replace' })
      const options = { key: 'a', onDuplicate: 'replace', signal: AbortSignal.abort('before') } as const
      const third = manager.spawn(() => 'third', options)
      expect(await failureOf(third)).toMatchObject({ name: 'TaskCancelledError' })
      expect(await second).toBe('second')
      expect(first.status).toBe('cancelled')
      await manager.close()
    })
  })

  it('is found by what the replaced one does as it is told to stop', async () => {
    await virtually(async manager => {
      const inner: unknown[] = []
      manager.spawn(
        ({ signal }) => {
          signal.addEventListener('abort', () => inner.push(manager.spawn(() => 'inner', { key: 'a' }).id))
          return untilAborted(signal)
        },
        { key: 'a' },
      )
      await settle()
      const second = manager.spawn(() => 'second', { key: 'a', onDuplicate: 'replace' })
      expect(inner).toEqual([second.id])
      expect(await second).toBe('second')
    })
  })
})

describe('a key that is kept', () => {
  it('gives the outcome of the task for so long, and its error', async () => {
    await virtually(async manager => {
      let runs = 0
      const options = { key: 'a', keepKeyFor: 1_000 }
      const first = manager.spawn(() => ++runs, options)
      expect(await first).toBe(1)
      expect(first.record().keyUntil).toBe((first.record().endedAt ?? 0) + 1_000)
      await delay(999)
      const second = manager.spawn(() => ++runs, options)
      expect(second.done()).toBe(true)
      expect(second.id).toBe(first.id)
      expect(await second).toBe(1)
      expect(() => manager.spawn(() => 0, { ...options, onDuplicate: 'reject' })).toThrow(DuplicateKeyError)
      await delay(1)
      expect(await manager.spawn(() => ++runs, options)).toBe(2)
      const error = new Error('kept')
      const fails = () => {
        throw error
      }
      expect(await failureOf(manager.spawn(fails, { ...options, key: 'b' }))).toBe(error)
      expect(await failureOf(manager.spawn(() => 1, { key: 'b' }))).toBe(error)
      expect(await manager.spawn(() => 'new', { key: 'b', onDuplicate: 'replace' })).toBe('new')
      expect(await manager.spawn(() => 'newer', { key: 'b' })).toBe('newer')
    })
  })

  it('is free at once when the task was cancelled, by whomever', async () => {
    await virtually(
      async manager => {
        const options = { key: 'a', keepKeyFor: 1_000 }
        await manager.spawn(forever, options).cancel()
        expect(await failureOf(manager.spawn(forever, { ...options, deadline: 5 }))).toBeInstanceOf(TaskTimeoutError)
        await delay(1_000)
        expect(await manager.spawn(() => 1, options)).toBe(1)
      },
      { cleanupTimeout: 1 },
    )
  })

  it('is kept for the longest time that any of those asks for who join', async () => {
    await virtually(async manager => {
      const first = manager.spawn(() => delay(10, 'first'), { key: 'a', keepKeyFor: 10 })
      manager.spawn(() => 0, { key: 'a', keepKeyFor: 500 })
      manager.spawn(() => 0, { key: 'a' })
      await first
      await delay(499)
      expect(await manager.spawn(() => 'second', { key: 'a' })).toBe('first')
      await delay(1)
      expect(await manager.spawn(() => 'second', { key: 'a' })).toBe('second')
    })
  })

  it('is forgotten by one timer, which keeps no process alive', async () => {
    await virtually(async manager => {
      for (let n = 0; n < 1_000; n++) manager.spawn(() => n, { key: `${n}`, keepKeyFor: 10 + (n % 50) })
      await manager.drain()
      expect(schedulerOf(manager).keys.size).toBe(1_000)
      await delay(35)
      expect(schedulerOf(manager).keys.size).toBe(500)
      await delay(25)
      expect(schedulerOf(manager).keys.size).toBe(0)
    })
  })
})
