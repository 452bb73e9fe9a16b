import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Semaphore, type SpawnOptions, TaskManager } from '../../src/index.ts'
import { SharedSettings, spawnSettings } from '../../src/task/spawn-settings.ts'
import { runs } from '../fuzz/runs.ts'

const some = new Semaphore(1)
const others = new Semaphore(2)

/** Few values of each, so that the same options come again, and some that differ in one alone. */
const options: fc.Arbitrary<SpawnOptions> = fc
  .record(
    {
      name: fc.constantFrom('a', 'b'),
      type: fc.constantFrom('a', 'b'),
      tags: fc.constantFrom(['a'], ['b']),
      priority: fc.constantFrom(1, 2),
      timeout: fc.constantFrom(1, 2),
      deadline: fc.constantFrom(1, 2),
      signal: fc.constantFrom(new AbortController().signal, new AbortController().signal),
      retry: fc.constantFrom<(number | { retries: number; wait?: number; retryOn?: typeof Error })[]>(
        1,
        2,
        { retries: 2, wait: 5 },
        { retries: 2, retryOn: TypeError },
        { retries: 2, retryOn: RangeError },
      ),
      limits: fc.constantFrom(some, others),
      cost: fc.constant('none'),
      startNow: fc.boolean(),
      delay: fc.constantFrom(1, 2),
      key: fc.constantFrom('a', 'b'),
    },
    { requiredKeys: [] },
  )
  .filter(({ startNow, delay }) => !startNow || delay === undefined)
  .filter(({ limits, cost }) => cost === undefined || limits !== undefined)

describe('settings that tasks share', () => {
  it('say of each task what its own options say', () => {
    fc.assert(
      fc.property(fc.array(options, { maxLength: 20 }), given => {
        const shared = new SharedSettings()
        for (const each of given) {
          const own = spawnSettings(each, undefined, shared)
          const settings = shared.of(own)
          expect(settings).toEqual({ ...own, priority: settings.priority })
          // Equal limits are not the same ones.
          expect(settings.source).toBe(spawnSettings(each).source)
          expect(settings.limits).toBe(own.limits)
        }
      }),
      runs(100),
    )
  })

  it('are one object while they are the same', () => {
    const shared = new SharedSettings()
    const [first, second, third] = [1, 2, 3].map(priority =>
      shared.of(spawnSettings({ priority, limits: some, retry: { retries: 2, wait: 5 } })),
    )
    expect(second).toBe(first)
    expect(third).toBe(first)
    expect(shared.of(spawnSettings({ limits: others }))).not.toBe(first)
  })

  it('leave each task the priority that it was given', async () => {
    await using manager = await TaskManager.start({ maxTasks: 1, autoStart: false })
    const order: number[] = []
    for (const priority of [1, 3, 2, 3]) {
      const handle = manager.spawn(({ id }) => void order.push(id), { priority, retry: 1 })
      expect(handle.priority).toBe(priority)
    }
    manager.resume()
    await manager.drain()
    expect(order).toEqual([2, 4, 3, 1])
  })
})
