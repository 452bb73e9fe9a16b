import { ensure, run, sleep, suspend, until } from 'effection'
import { describe, expect, it, vi } from 'vitest'
import { type TaskHandle, TaskManager, type TaskRecord, useTaskManager } from '../../src/index.ts'
import { createGate, runVirtual, settle } from '../../src/testing.ts'
import { elapse, hearing } from './work.ts'

const never = () => new Promise<never>(() => {})

/** Starts one task of every stubborn kind, and more than there are slots for. */
function spawnStubborn(manager: TaskManager): TaskHandle<unknown>[] {
  const kinds = [
    () => manager.spawn(never),
    () => manager.spawn(hearing(never())),
    () => manager.spawn(hearing(elapse(40))),
    () =>
      manager.spawn(function* () {
        yield* ensure(() => until(never()))
        yield* suspend()
      }),
    () =>
      manager.spawn(function* () {
        yield* ensure(() => sleep(40))
        yield* suspend()
      }),
    () => manager.spawn(async () => 'quick'),
  ]
  return kinds.concat(kinds).map(spawn => spawn())
}

describe('invariants 9 and 10: every handle settles in time', () => {
  const ways: Record<string, (manager: TaskManager, controller: AbortController) => Promise<unknown>> = {
    'close within its timeouts': manager => manager.close({ timeout: 200 }),
    'close at once': manager => manager.close({ timeout: 0, pending: 'cancel' }),
    disposing: manager => manager[Symbol.asyncDispose](),
    cancelAll: manager => manager.cancelAll(),
    "aborting the manager's signal": async (_, controller) => controller.abort(),
  }

  it.each(Object.entries(ways))('on %s', async (_, end) => {
    const { elapsed } = await runVirtual(async () => {
      const controller = new AbortController()
      const { signal } = controller
      const options = { maxTasks: 7, closeTimeout: 200, cleanupTimeout: 50, signal, logger: false } as const
      const manager = await TaskManager.start(options)
      const handles = spawnStubborn(manager)
      await settle()
      await end(manager, controller)
      await Promise.allSettled(handles)
      expect(handles.every(handle => handle.done())).toBe(true)
      await manager.drain()
    })
    expect(elapsed).toBeLessThanOrEqual(250)
  })

  it('on halting the scope that owns the manager', async () => {
    const { elapsed } = await runVirtual(async () => {
      const handles: TaskHandle<unknown>[] = []
      const owner = run(function* () {
        handles.push(...spawnStubborn(yield* useTaskManager({ maxTasks: 7, cleanupTimeout: 50, logger: false })))
        yield* suspend()
      })
      owner.catch(() => {})
      await settle()
      await owner.halt()
      expect(handles.filter(handle => !handle.done())).toEqual([])
    })
    expect(elapsed).toBe(50)
  })

  it('on the first failure with failFast', async () => {
    await runVirtual(async () => {
      const manager = await TaskManager.start({ maxTasks: 8, cleanupTimeout: 50, failFast: true, logger: false })
      const handles = spawnStubborn(manager)
      manager.spawn(() => Promise.reject(new Error('the first')), { priority: 1 })
      await expect(manager.drain()).rejects.toThrow('the rest was cancelled')
      expect(handles.filter(handle => !handle.done())).toEqual([])
    })
  })

  it('with cleanups that run side by side, not one after the other', async () => {
    const { elapsed } = await runVirtual(async () => {
      const manager = await TaskManager.start({ cleanupTimeout: 1_000 })
      for (let i = 0; i < 10; i += 1)
        manager.spawn(function* () {
          yield* ensure(() => sleep(100))
          yield* suspend()
        })
      await settle()
      const { abandoned, cancelled } = await manager.close({ timeout: 0 })
      expect([abandoned.length, cancelled]).toEqual([0, 10])
    })
    expect(elapsed).toBeLessThanOrEqual(101)
  })
})

describe('invariant 3: no error is lost', () => {
  it('when two tasks fail in the same turn', async () => {
    const told: unknown[] = []
    const manager = await TaskManager.start({ onError: error => told.push(error) })
    const gate = createGate()
    const errors = [new Error('one'), new Error('two')]
    for (const error of errors) manager.spawn(() => gate.then(() => Promise.reject(error)))
    await settle()
    gate.open()
    await manager.drain()
    expect(told).toEqual(errors)
  })

  it('when the cleanup of a cancelled task fails: the task has failed', async () => {
    const error = new Error('of the cleanup')
    const manager = await TaskManager.start({ logger: false })
    const handle = manager.spawn(function* () {
      yield* ensure(() => {
        throw error
      })
      yield* suspend()
    })
    await settle()
    await handle.cancel()
    expect(handle.record()).toMatchObject({ status: 'failed', error })
    await expect(handle).rejects.toBe(error)
  })

  it('whatever was thrown', async () => {
    const manager = await TaskManager.start()
    for (const thrown of [undefined, null, 0, '', 'text', Symbol('thrown'), { then: 'no function' }]) {
      for (const work of [
        () => {
          throw thrown
        },
        () => Promise.reject(thrown),
        function* () {
          throw thrown
        },
      ]) {
        const handle = manager.spawn(work)
        await expect(handle.then(() => 'fulfilled')).rejects.toBe(thrown)
        expect(handle.status).toBe('failed')
      }
    }
  })
})

describe('invariant 11: a result can be awaited late and often', () => {
  it('with the same value, or the same error', async () => {
    const manager = await TaskManager.start({ logger: false })
    const value = { a: 'value' }
    const error = new Error('an error')
    const [done, failed, cancelled] = [
      manager.spawn(async () => value),
      manager.spawn(() => Promise.reject(error)),
      manager.spawn(never),
    ]
    await settle()
    cancelled.cancel('a reason')
    await manager.close({ timeout: 0 })
    const reason = cancelled.exception()
    for (let round = 0; round < 3; round += 1) {
      expect(await done).toBe(value)
      expect(await run(() => done)).toBe(value)
      expect(done.result()).toBe(value)
      await expect(failed).rejects.toBe(error)
      await expect(failed.wait({ timeout: 1_000 })).rejects.toBe(error)
      await expect(cancelled).rejects.toBe(reason)
      expect([failed.exception(), cancelled.exception()]).toEqual([error, reason])
      await settle()
    }
  })
})

describe('invariant 15: who throws while listening changes nobody’s outcome', () => {
  const rude = () => {
    throw new Error('rude')
  }

  it.each([
    ['onError and the logger', { onError: rude, logger: { error: rude } }],
    ['the logger', { logger: { error: rude } }],
  ])('%s', async (_, options) => {
    const manager = await TaskManager.start({ ...options, maxTasks: 1 })
    for (const event of [
      'submitted',
      'started',
      'progress',
      'stopping',
      'done',
      'failed',
      'cancelled',
      'drained',
      'closed',
    ] as const)
      manager.on(event, rude)
    const done = manager.spawn(task => task.progress(0.5))
    manager.spawn(() => Promise.reject(new Error('unobserved')))
    const stopped = manager.spawn(hearing(Promise.resolve()))
    await settle()
    await stopped.cancel()
    const report = await manager.close()
    expect(done.status).toBe('done')
    expect(report).toMatchObject({ done: 1, failed: 1, cancelled: 1, abandoned: [] })
  })

  it('a listener that spawns, cancels, closes, and stops listening', async () => {
    const manager = await TaskManager.start({ maxTasks: 2, logger: false })
    const children: TaskHandle<unknown>[] = []
    const records: TaskRecord[] = []
    const stop = manager.on('started', ({ record }) => {
      stop()
      children.push(manager.spawn(() => 'child'))
      manager.get(record.id)?.cancel()
    })
    manager.on('done', ({ record }) => {
      records.push(record)
      manager.close()
    })
    const first = manager.spawn(hearing(Promise.resolve()))
    await settle()
    await manager.close()
    expect(first.status).toBe('cancelled')
    expect(await children[0]).toBe('child')
    expect(records.map(({ id, status }) => [id, status])).toEqual([[2, 'done']])
  })

  it('all failures go to the logger, once each, when onError throws', async () => {
    const error = vi.fn()
    const manager = await TaskManager.start({ onError: rude, logger: { error } })
    const failure = new Error('unobserved')
    manager.spawn(() => Promise.reject(failure))
    await manager.drain()
    expect(error.mock.calls.map(([first]) => first)).toEqual([failure, expect.objectContaining({ message: 'rude' })])
  })
})

describe('the body of a task', () => {
  it.each<[string, (manager: TaskManager, other: TaskHandle<unknown>) => void]>([
    ['resumes', manager => manager.resume()],
    ['raises maxTasks', manager => void (manager.maxTasks = 9)],
    ['cancels another', (_, other) => void other.cancel()],
    ['cancels all others', manager => void manager.cancelAll()],
    ['closes', manager => void manager.close()],
  ])('starts after the code that spawned it, which then %s', async (_, then) => {
    const manager = await TaskManager.start({ maxTasks: 2, logger: false })
    const other = manager.spawn(hearing(Promise.resolve()))
    await settle()
    let started = false
    manager.spawn(() => {
      started = true
    })
    then(manager, other)
    expect(started).toBe(false)
    await settle()
    await manager.close({ timeout: 0 })
  })
})
