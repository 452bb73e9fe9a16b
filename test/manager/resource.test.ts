import { createContext, ensure, run, sleep, suspend, until, useScope } from 'effection'
import { describe, expect, it } from 'vitest'
import { ManagerClosedError, type TaskHandle, type TaskManager, useTaskManager } from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'
import { delay, failureOf, untilAborted } from '../work.ts'

/** Starts an operation that owns a manager and never ends by itself; gives the manager and the way to halt it. */
async function owned(options?: Parameters<typeof useTaskManager>[0]) {
  const { promise, resolve } = Promise.withResolvers<TaskManager>()
  const owner = run(function* () {
    resolve(yield* useTaskManager(options))
    yield* suspend()
  })
  owner.catch(() => {})
  return { manager: await promise, halt: () => owner.halt() }
}

describe('useTaskManager', () => {
  it('lives as long as the scope that called it', async () => {
    let outlived: TaskManager | undefined
    const result = await run(function* () {
      const manager = yield* useTaskManager(2)
      outlived = manager
      expect(manager.maxTasks).toBe(2)
      return yield* manager.spawn(() => 42)
    })
    expect(result).toBe(42)
    expect(outlived?.stats().closed).toBe(true)
    expect(() => outlived?.spawn(() => 1)).toThrow(ManagerClosedError)
  })

  it('refuses wrong options', async () => {
    expect(await failureOf(run(() => useTaskManager(0)))).toBeInstanceOf(RangeError)
  })

  it('cancels what is left when the scope ends', async () => {
    const handles: TaskHandle<unknown>[] = []
    await run(function* () {
      const manager = yield* useTaskManager()
      handles.push(manager.spawn(({ signal }) => untilAborted(signal)))
      handles.push(manager.spawn(() => suspend()))
      yield* sleep(0)
    })
    expect(handles.map(handle => handle.status)).toEqual(['cancelled', 'cancelled'])
  })

  it('lets the work finish when the scope drains it first', async () => {
    const { value } = await autojump(() =>
      run(function* () {
        const manager = yield* useTaskManager()
        const handle = manager.spawn(() => delay(50, 'finished'))
        yield* until(manager.drain())
        return handle.result()
      }),
    )
    expect(value).toBe('finished')
  })
})

describe('a failing child of an operation task', () => {
  it('fails the task, and does not unwind the operation that owns the manager', async () => {
    const result = await run(function* () {
      const manager = yield* useTaskManager()
      const handle = manager.spawn(function* () {
        const scope = yield* useScope()
        scope.run(function* () {
          yield* sleep(0)
          throw new Error('the child broke')
        })
        yield* suspend()
      })
      const caught = yield* until(failureOf(handle))
      yield* sleep(0)
      return caught
    })
    expect(result).toMatchObject({ message: 'the child broke' })
  })

  it('leaves the other tasks alone', async () => {
    const { value } = await autojump(() =>
      run(function* () {
        const manager = yield* useTaskManager({ logger: false })
        manager.spawn(function* () {
          yield* sleep(5)
          throw new Error('broken')
        })
        return yield* manager.spawn(function* () {
          yield* sleep(20)
          return 'unharmed'
        })
      }),
    )
    expect(value).toBe('unharmed')
  })
})

describe('the contexts of the calling scope', () => {
  it('are inherited by operation tasks', async () => {
    const Language = createContext<string>('language', 'en')
    const result = await run(function* () {
      yield* Language.set('de')
      const manager = yield* useTaskManager()
      return yield* manager.spawn(function* () {
        return yield* Language.get()
      })
    })
    expect(result).toBe('de')
  })

  it('are not changed by operation tasks', async () => {
    const Language = createContext<string>('language', 'en')
    const result = await run(function* () {
      const manager = yield* useTaskManager()
      yield* manager.spawn(function* () {
        yield* Language.set('de')
      })
      return yield* Language.get()
    })
    expect(result).toBe('en')
  })
})

describe('halting the scope that owns a manager', () => {
  it('cancels all tasks at once and waits for their cleanup', async () => {
    const log: string[] = []
    const { elapsed } = await autojump(async () => {
      const { manager, halt } = await owned()
      for (const name of ['a', 'b', 'c']) {
        manager.spawn(function* () {
          yield* ensure(function* () {
            yield* sleep(50)
            log.push(name)
          })
          yield* suspend()
        })
      }
      manager.spawn(({ signal }) => untilAborted(signal, 70).finally(() => log.push('promise')))
      await settle()
      await halt()
      expect(manager.stats()).toMatchObject({ cancelled: 4, closed: true })
    })
    expect(log).toEqual(['a', 'b', 'c', 'promise'])
    expect(elapsed).toBe(70)
  })

  it('waits for a cleanup no longer than cleanupTimeout', async () => {
    const { elapsed } = await autojump(async () => {
      const { manager, halt } = await owned({ cleanupTimeout: 200 })
      const handle = manager.spawn(function* () {
        try {
          yield* suspend()
        } finally {
          yield* suspend()
        }
      })
      await settle()
      await halt()
      expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: true })
    })
    expect(elapsed).toBe(200)
  })

  it('cancels what is pending', async () => {
    const { manager, halt } = await owned(1)
    const called: string[] = []
    manager.spawn(({ signal }) => untilAborted(signal))
    const pending = manager.spawn(() => void called.push('started'))
    await settle()
    await halt()
    expect(pending.status).toBe('cancelled')
    expect(called).toEqual([])
  })
})

/** Private to effection: another name would go unnoticed, but for the tests above, which say less clearly why. */
describe('the context names of effection that isolation depends on', () => {
  it('are the ones in use', async () => {
    const { raise, tasks } = await run(function* () {
      const scope = yield* useScope()
      return {
        raise: scope.get(createContext<{ raise: unknown }>('@effection/error-boundary'))?.raise,
        tasks: scope.get(createContext<{ tasks: unknown }>('@effection/task-group'))?.tasks,
      }
    })
    expect(raise).toBeTypeOf('function')
    expect(tasks).toBeInstanceOf(Set)
  })
})
