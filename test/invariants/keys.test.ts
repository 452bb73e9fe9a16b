import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  DuplicateKeyError,
  type SpawnOptions,
  type TaskContext,
  type TaskHandle,
  TaskManager,
} from '../../src/index.ts'
import { schedulerOf } from '../../src/manager/task-manager.ts'
import { exploreAll, runVirtual } from '../../src/testing.ts'
import { runs } from '../fuzz/runs.ts'
import { delay } from '../work.ts'

const POLICIES = ['join', 'reject', 'replace'] as const

/** Counts, for each key, the bodies that run now; notes where there are two. */
class Bodies {
  readonly #alive = new Map<string, number>()
  readonly twice: string[] = []
  started = 0

  async run<T>(key: string, body: () => Promise<T>): Promise<T> {
    const alive = (this.#alive.get(key) ?? 0) + 1
    this.#alive.set(key, alive)
    this.started += 1
    if (alive > 1) this.twice.push(key)
    try {
      return await body()
    } finally {
      this.#alive.set(key, (this.#alive.get(key) ?? 0) - 1)
    }
  }
}

/** The handle, or nothing for a duplicate. */
function spawned<T>(spawn: () => TaskHandle<T>): TaskHandle<T> | undefined {
  try {
    return spawn()
  } catch (error) {
    if (!(error instanceof DuplicateKeyError)) throw error
    return undefined
  }
}

describe('of the tasks with one key no two run at a time', () => {
  it.each(POLICIES)('with %s, whatever the order of spawns, cancels and ends', async onDuplicate => {
    const orders = await exploreAll(async park => {
      const manager = await TaskManager.start({ maxTasks: 3, cleanupTimeout: Number.POSITIVE_INFINITY })
      const bodies = new Bodies()
      const work = (name: string) => (task: TaskContext) =>
        bodies.run('key', async () => {
          const { signal } = task
          await park(`${name} ends`)
          signal.throwIfAborted()
          return name
        })
      const handles: TaskHandle<string>[] = []
      const spawn = (name: string) => {
        const handle = spawned(() => manager.spawn(work(name), { key: 'key', onDuplicate }))
        if (handle !== undefined) handles.push(handle)
        return handle
      }
      const first = spawn('first')
      const deeds = [
        park('the first is cancelled').then(() => first?.cancel()),
        park('the second is spawned').then(async () => {
          const second = spawn('second')
          await park('the second is cancelled')
          await second?.cancel()
        }),
      ]
      const outcomes = await Promise.allSettled(handles)
      await Promise.all(deeds)
      await Promise.allSettled(handles)
      expect(bodies.twice).toEqual([])
      expect(outcomes.length).toBeGreaterThan(0)
      expect(handles.every(handle => handle.done())).toBe(true)
      expect(manager.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0 })
      expect(schedulerOf(manager).keys.size).toBe(0)
      await manager.close()
    })
    expect(orders).toBeGreaterThan(10)
  })

  it('with all three, of which each holder may leave at any moment', async () => {
    const orders = await exploreAll(async park => {
      const manager = await TaskManager.start({ maxTasks: 3, cleanupTimeout: Number.POSITIVE_INFINITY })
      const bodies = new Bodies()
      const stopped = new Set<number>()
      const work = ({ id, signal }: TaskContext) =>
        bodies.run('key', async () => {
          await park(`task ${id} ends`)
          stopped.add(id)
          signal.throwIfAborted()
        })
      const [first, second] = [1, 2].map(() => manager.spawn(work, { key: 'key' })) as [
        TaskHandle<void>,
        TaskHandle<void>,
      ]
      const leaving = [first, second].map((handle, index) =>
        park(`holder ${index + 1} leaves`).then(async () => {
          const last = [first, second].every(each => each === handle || each.done())
          await handle.cancel()
          // The last one that leaves has waited for the work, if that had begun.
          if (last && bodies.started > 0 && handle.id === 1) expect(stopped.has(1)).toBe(true)
        }),
      )
      const third = park('another takes its place').then(() =>
        manager.spawn(work, { key: 'key', onDuplicate: 'replace' }),
      )
      await Promise.all(leaving)
      await third.then(handle => handle)
      await manager.drain()
      expect(bodies.twice).toEqual([])
      expect(schedulerOf(manager).keys.size).toBe(0)
      await manager.close()
    })
    expect(orders).toBeGreaterThan(20)
  })

  const time = fc.nat(40)
  const spawnStep = fc.record({
    at: time,
    key: fc.nat(2),
    onDuplicate: fc.constantFrom(...POLICIES),
    takes: time,
    cleanup: fc.nat(10),
    deaf: fc.boolean(),
    fails: fc.nat(3),
    retries: fc.nat(2),
    timeout: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
    deadline: fc.option(time, { nil: undefined }),
    cancelAfter: fc.option(time, { nil: undefined }),
    abortAfter: fc.option(time, { nil: undefined }),
    keepKeyFor: fc.constantFrom(0, 0, 15),
    delay: fc.constantFrom(0, 0, 12),
  })
  const plans = fc.record({
    steps: fc.array(spawnStep, { minLength: 1, maxLength: 12 }),
    maxTasks: fc.integer({ min: 1, max: 4 }),
    closeAt: fc.option(fc.nat(80), { nil: undefined }),
    closeTimeout: fc.nat(40),
  })

  it('whatever fails, is late, is tried again, cancelled or closed', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ steps, maxTasks, closeAt, closeTimeout }) => {
        await runVirtual(async () => {
          const manager = await TaskManager.start({ maxTasks, cleanupTimeout: 1_000, onError: () => {} })
          const bodies = new Bodies()
          const handles: TaskHandle<unknown>[] = []
          const done: Promise<unknown>[] = []
          const take = async (step: (typeof steps)[number]) => {
            await delay(step.at)
            if (manager.stats().closed) return
            const work = (task: TaskContext) =>
              bodies.run(`${step.key}`, async () => {
                if (step.deaf) await delay(step.takes)
                else await delayUnless(step.takes, step.cleanup, task.signal)
                if (task.attempt <= step.fails) throw new Error(`attempt ${task.attempt}`)
                return task.id
              })
            const controller = new AbortController()
            // As often as not it is aborted before it is spawned.
            if (step.abortAfter !== undefined && step.abortAfter % 2 === 0) controller.abort()
            const { onDuplicate, timeout, deadline, keepKeyFor, delay: late } = step
            const options: SpawnOptions = {
              key: `${step.key}`,
              onDuplicate,
              keepKeyFor,
              delay: late,
              retry: { retries: step.retries, backoff: () => 3 },
              signal: controller.signal,
              ...(timeout !== undefined && { timeout }),
              ...(deadline !== undefined && { deadline }),
            }
            const handle = spawned(() => manager.spawn(work, options))
            if (handle === undefined) return
            handles.push(handle)
            if (step.cancelAfter !== undefined) done.push(delay(step.cancelAfter).then(() => handle.cancel()))
            if (step.abortAfter !== undefined) done.push(delay(step.abortAfter).then(() => controller.abort()))
          }
          const closing =
            closeAt === undefined ? undefined : delay(closeAt).then(() => manager.close({ timeout: closeTimeout }))
          await Promise.all(steps.map(take))
          await manager.drain()
          await Promise.all([...done, closing])
          await Promise.allSettled(handles)
          expect(bodies.twice).toEqual([])
          expect(manager.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0, abandoned: 0 })
          // Handles of one task that were not given up have one outcome.
          for (const handle of handles) {
            if (handle.status === 'done') expect(handle.result()).toBe(handle.id)
          }
          await delay(1_500)
          expect(schedulerOf(manager).keys.size).toBe(0)
          await manager.close()
        })
      }),
      runs(150),
    )
  })
})

/** Ends after `ms`, or `cleanup` milliseconds after it was told to. */
function delayUnless(ms: number, cleanup: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      setTimeout(() => reject(signal.reason), cleanup)
    })
  })
}
