import { afterEach, describe, expect, it } from 'vitest'
import { callLimit } from '../../src/index.ts'
import { configure, currentTask, TaskWorker, task, type WorkerOptions, withConfig } from '../../src/worker.ts'
import { failureOf } from '../work.ts'

/** Every option that a test sets, to be taken away again. */
const NOTHING = Object.fromEntries(
  ['priority', 'timeout', 'retry', 'maxWorkers', 'mode', 'type', 'limits', 'minWorkers', 'unwrap', 'cost'].map(name => [
    name,
    undefined,
  ]),
)
const nothing = () =>
  configure({ ...NOTHING, sync: undefined, async: undefined, thread: undefined, process: undefined })
afterEach(nothing)

const answer = task(() => 42)
/** The priority that a call has now, which shows which of the defaults hold. */
const priorityOf = (call: () => { record(): { readonly priority: number } } = answer) => call().record().priority

describe('configure', () => {
  it('sets defaults for every task and worker, also those that are there already', async () => {
    const worker = await TaskWorker.start()
    configure({ priority: 3 })
    expect(priorityOf()).toBe(3)
    expect(priorityOf(() => worker.submit(() => 1))).toBe(3)
    await worker.stop()
  })

  it('goes from what is explicit to the default of the mode, and from there to the one for all', () => {
    const [plain, explicit, sync] = [task(() => 1), task(() => 1, { priority: 9 }), task(() => 1, { mode: 'sync' })]
    configure({ priority: 1, sync: { priority: 2 } })
    expect([plain, explicit, sync].map(each => priorityOf(each))).toEqual([1, 9, 2])
    configure({ async: { priority: 5 } })
    expect([plain, explicit, sync].map(each => priorityOf(each))).toEqual([5, 9, 2])
    expect(priorityOf(explicit.with({ priority: 4 }))).toBe(4)
    expect(priorityOf(plain.with({ timeout: 1_000 }))).toBe(5)
  })

  it('takes undefined among explicit options for not given', () => {
    configure({ priority: 3 })
    expect(priorityOf(task(() => 1, { priority: undefined } as unknown as WorkerOptions))).toBe(3)
  })

  it('adds to what was set, and undefined takes a default away', () => {
    configure({ priority: 3, async: { type: 'kind' } })
    configure({ timeout: 1_000, async: { retry: 1 } })
    const { priority, type } = answer().record()
    expect({ priority, type }).toEqual({ priority: 3, type: 'kind' })
    configure({ priority: undefined })
    expect(answer().record()).toMatchObject({ priority: 0, type: 'kind' })
    configure({ async: undefined })
    expect(answer().record().type).toBeUndefined()
  })

  it('lets the default for all be seen again when that of the mode is taken away', () => {
    configure({ priority: 1, async: { priority: 2 } })
    configure({ async: { priority: undefined } })
    expect(priorityOf()).toBe(1)
  })

  it('sets the mode, and its defaults are then those of that mode', async () => {
    configure({ mode: 'sync', sync: { priority: 7 }, async: { priority: 8 } })
    const handle = task(() => 'at once')()
    expect([handle.status, handle.record().priority]).toEqual(['done', 7])
  })

  it('asks functions of the arguments that were set after a call without them', async () => {
    const double = task((n: number) => 2 * n)
    const limits = callLimit(1_000, 1_000)
    const asked: unknown[] = []
    await double(1)
    configure({
      limits: (...args: readonly unknown[]) => {
        asked.push(args)
        return limits
      },
    })
    expect(await double(2)).toBe(4)
    expect(asked).toEqual([[2]])
  })

  it('looks up the options of a worker when that is made, those of calls at each call', async () => {
    const made = await TaskWorker.start()
    configure({ maxWorkers: 3, priority: 2 })
    const later = await TaskWorker.start()
    expect([made.stats().maxTasks, later.stats().maxTasks]).toEqual([35, 3])
    expect(priorityOf(() => made.submit(() => 1))).toBe(2)
    await Promise.all([made.stop(), later.stop()])
  })

  it('reaches the calls of a map', async () => {
    const prioritised = task(() => currentTask().attempt, { retry: { retries: 0 } })
    configure({ retry: { retries: 1, wait: 0, retryUntil: (n: number) => n === 2 } })
    const attempt = task((_: number) => currentTask().attempt)
    expect(await attempt.map([1, 2]).toArray()).toEqual([2, 2])
    expect(await prioritised()).toBe(1)
  })

  it.each([
    [{ timeout: 'soon' }, TypeError, /timeout must be a number of milliseconds.*got "soon"/],
    [{ maxWorkers: 0 }, RangeError, /maxWorkers must be a positive integer/],
    [{ mode: 'nowhere' }, RangeError, /mode must be one of/],
    [{ startTimeout: -1 }, RangeError, /startTimeout/],
    [{ execArgv: '--flag' }, TypeError, /execArgv must be an array of strings/],
    [{ env: 5 }, TypeError, /env must be an object/],
    [{ resourceLimits: 5 }, TypeError, /resourceLimits must be an object/],
    [{ module: './tasks.ts' }, TypeError, /module must be the URL of a module/],
    [{ cost: 5 }, TypeError, /cost must be an object/],
    [{ cost: 'all' }, TypeError, /cost must be an object/],
    [{ progress: 5 }, TypeError, /progress must be an object/],
  ])('refuses %o at once, for all and for a mode, and changes nothing', (options, type, message) => {
    const wrong = options as unknown as WorkerOptions
    for (const set of [
      () => configure({ priority: 4, ...wrong }),
      () => configure({ priority: 4, thread: wrong }),
      () => withConfig(wrong, () => 1),
    ]) {
      expect(set).toThrow(type)
      expect(set).toThrow(message)
    }
    expect(priorityOf()).toBe(0)
  })

  it('refuses what is no object', () => {
    for (const wrong of [undefined, null, 5, 'thread', []]) {
      expect(() => configure(wrong as never)).toThrow(TypeError)
      expect(() => withConfig(wrong as never, () => 1)).toThrow(TypeError)
    }
    expect(() => configure({ thread: 5 as never })).toThrow(/thread must be an object/)
    expect(() => withConfig({}, 5 as never)).toThrow(/fn must be a function/)
  })

  it('leaves it to those who have both options whether they go together', () => {
    configure({ minWorkers: 1_000, cost: { tokens: 1 } })
    expect(() => task(() => 1, { maxWorkers: 1 })).toThrow(/minWorkers must be at most maxWorkers/)
    expect(() => task(() => 1, { maxWorkers: 1_000 })).toThrow(/cost says what limits are asked for/)
  })
})

describe('withConfig', () => {
  it('holds in the function, gives its result and its error, and has ended then', () => {
    expect(withConfig({ priority: 2 }, () => priorityOf())).toBe(2)
    expect(() =>
      withConfig({ priority: 2 }, () => {
        throw new RangeError('mine')
      }),
    ).toThrow('mine')
    expect(priorityOf()).toBe(0)
  })

  it('follows awaits, and leaves alone what runs beside it', async () => {
    const gate = Promise.withResolvers<void>()
    const scoped = withConfig({ priority: 2 }, async () => {
      const before = priorityOf()
      await gate.promise
      return [before, priorityOf()]
    })
    const beside = gate.promise.then(() => priorityOf())
    expect(priorityOf()).toBe(0)
    gate.resolve()
    expect(await scoped).toEqual([2, 2])
    expect(await beside).toBe(0)
  })

  it('adds to the scope around it, and undefined takes away there', () => {
    configure({ priority: 1, type: 'kind' })
    const seen = withConfig({ priority: 2 }, () =>
      withConfig({ type: 'inner' }, () => {
        const { priority, type } = answer().record()
        return [priority, type, withConfig({ priority: undefined }, () => priorityOf())]
      }),
    )
    expect(seen).toEqual([2, 'inner', 0])
    expect(answer().record()).toMatchObject({ priority: 1, type: 'kind' })
  })

  it('is not made the default for all by a configure inside', () => {
    const inside = withConfig({ priority: 2 }, () => {
      configure({ type: 'kind' })
      return answer().record()
    })
    expect(inside.priority).toBe(2)
    expect(answer().record()).toMatchObject({ priority: 0, type: 'kind' })
  })

  it('holds inside the functions of its calls', async () => {
    const outer = task(() => priorityOf())
    expect(await withConfig({ priority: 6 }, () => outer())).toBe(6)
  })

  it('has the workers that are made in it, and those keep what they were made with', async () => {
    const worker = await withConfig({ maxWorkers: 2, unwrap: false }, () => TaskWorker.start())
    expect(worker.stats().maxTasks).toBe(2)
    const handle = answer()
    expect((await worker.submit((arg: unknown) => [arg], handle))[0]).toBe(handle)
    await worker.stop()
  })

  it('of a timeout is that of the calls in it', async () => {
    const slow = task(() => new Promise<never>(() => {}))
    const error = await withConfig({ timeout: 5 }, () => failureOf(slow()))
    expect(error).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 5 })
    await slow.close({ timeout: 0 })
  })
})
