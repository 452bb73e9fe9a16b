import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { type MapResults, type MapSettled, resourceLimit, type TaskHandle } from '../../src/index.ts'
import { currentTask, type TaskFunction, TaskWorker, task, type WorkerOptions } from '../../src/worker.ts'
import { failureOf } from '../work.ts'

describe('task', () => {
  it('keeps the name and the length of the function, and what else is known of it', async () => {
    const area = task(function area(width: number, height: number) {
      return width * height
    })
    expect([area.name, area.length]).toEqual(['area', 2])
    expect(area.with({ timeout: 1_000 }).name).toBe('area')
    expect(area(2, 3).name).toBe('area')
    expect(await area(2, 3)).toBe(6)
  })

  it('calls its tasks by the name in its options', () => {
    const area = task((width: number) => width, { name: 'surface' })
    expect(area(1).name).toBe('surface')
    expect(area((x: number) => x, 1).name).toBe('task 2')
    expect(area(function other() {}).name).toBe('other')
  })

  it('starts nothing before the first call', () => {
    const seen: string[] = []
    const idle = task(() => seen.push('called'))
    expect(idle.stats()).toMatchObject({ pending: 0, running: 0, dispatched: 0 })
    expect(seen).toEqual([])
  })

  it('has a worker of its own, for its calls and its maps', async () => {
    const [one, other] = [task(async (x: number) => x), task(async (x: number) => x)]
    await Promise.all([one(1), one.submit(2), one.call(3), one.map([4]).toArray()])
    expect(one.stats()).toMatchObject({ done: 4, dispatched: 4 })
    expect(other.stats()).toMatchObject({ done: 0 })
    expect(await one.stop()).toMatchObject({ done: 4 })
    expect(() => one(1)).toThrow(/is closed/)
    expect(await other(5)).toBe(5)
  })

  it('is closed, drained and disposed like a worker', async () => {
    const work = task(async (x: number) => x)
    work(1)
    await expect(work.drain({ timeout: -1 })).rejects.toThrow(RangeError)
    await work.drain({ timeout: 10_000 })
    expect(work.stats()).toMatchObject({ done: 1 })
    expect(await work.close()).toMatchObject({ done: 1 })
    let handle: TaskHandle<number>
    {
      await using scoped = task(async (x: number) => x)
      handle = scoped(2)
    }
    expect(handle.result()).toBe(2)
  })

  it('may run a function that is a task itself', async () => {
    const square = task(async (x: number) => x * x)
    const worker = await TaskWorker.start({ fn: square })
    expect(await worker.submit(3)).toBe(9)
    expect(await task(square as (x: number) => TaskHandle<number>)(4)).toBe(16)
    await worker.stop()
  })

  it.each([
    [{ mode: 'nowhere' }, RangeError, /mode must be one of/],
    [{ timeout: -1 }, RangeError, /timeout must be/],
    [{ retry: 'often' }, TypeError, /retry must be/],
    [{ maxWorkers: 0.5 }, RangeError, /maxWorkers must be/],
    [{ cost: { a: 1 } }, TypeError, /limits is not given/],
    [{ cost: () => ({ a: 1 }) }, TypeError, /limits is not given/],
    [{ limits: resourceLimit({ key: 'a', capacity: 1 }), cost: { b: 1 } }, RangeError, /b/],
    [{ mode: 'thread', minWorkers: 3, maxWorkers: 2 }, RangeError, /minWorkers must be at most maxWorkers/],
    [{ mode: 'thread', module: './here.ts' }, TypeError, /module must be the URL/],
    [{ mode: 'process', startTimeout: 'soon' }, TypeError, /startTimeout must be/],
    [{ name: 5 }, TypeError, /name must be a string/],
    [{ unwrap: 'no' }, TypeError, /unwrap must be/],
    [5, TypeError, /options must be an object/],
    [[], TypeError, /options must be an object/],
  ])('refuses the options %o where it is called', async (options, type, message) => {
    const wrong = options as unknown as WorkerOptions
    expect(() => task(() => 1, wrong)).toThrow(type)
    expect(() => task(() => 1, wrong)).toThrow(message)
    expect(await failureOf(TaskWorker.start(wrong))).toBeInstanceOf(type)
  })

  it('does not ask what a call costs before there is one', async () => {
    const limit = resourceLimit({ key: 'letters', capacity: 5 })
    const shout = task((text: string) => text.toUpperCase(), {
      limits: limit,
      cost: (text: string) => ({ letters: text.length }),
    })
    expect(await shout('hello')).toBe('HELLO')
    expect(await shout.map(['a', 'b']).toArray()).toEqual(['A', 'B'])
    expect(() => shout('too long')).toThrow(RangeError)
  })

  it.each(['sync', 'async'] as const)(
    'runs its function in the async context of the call, in the mode %s',
    async mode => {
      const storage = new AsyncLocalStorage<string>()
      const seen = task(async (_: number) => [storage.getStore(), await Promise.resolve(), storage.getStore()], {
        mode,
      })
      const call = storage.run('caller', () => seen(1))
      expect(await storage.run('somebody else', () => call)).toEqual(['caller', undefined, 'caller'])
      const map = storage.run('mapper', () => seen.map([1]))
      expect(await storage.run('somebody else', () => map.toArray())).toEqual([['mapper', undefined, 'mapper']])
      expect(await seen(1)).toEqual([undefined, undefined, undefined])
    },
  )

  it('knows its task only while it runs', async () => {
    const knows = task(async () => currentTask().id)
    const handle = knows()
    expect(await handle).toBe(handle.id)
    expect(() => currentTask()).toThrow(/outside of a task/)
  })
})

describe('with', () => {
  it('gives the calls other options, on the same worker', async () => {
    const work = task(async (x: number) => x, { priority: 1, maxWorkers: 2, type: 'kind' })
    const urgent = work.with({ priority: 9 })
    expect([work(1), urgent(2), urgent.with({ type: 'other' })(3)].map(handle => handle.record())).toMatchObject([
      { priority: 1, type: 'kind' },
      { priority: 9, type: 'kind' },
      { priority: 9, type: 'other' },
    ])
    await work.drain()
    expect(urgent.stats()).toMatchObject({ done: 3, maxTasks: 2 })
    await work.stop()
    expect(() => urgent(1)).toThrow(/is closed/)
  })

  it('holds for every way to call, and for maps', async () => {
    const work = task((_: number) => currentTask().attempt)
    const again = work.with({ retry: { retries: 1, wait: 0, retryUntil: (attempt: number) => attempt === 2 } })
    expect(await Promise.all([again(1), again.submit(1), again.call(1), again(() => currentTask().attempt)])).toEqual([
      2, 2, 2, 2,
    ])
    expect(await again.map([1]).toArray()).toEqual([2])
    expect(await work(1)).toBe(1)
  })

  it('refuses wrong options at once', () => {
    const work = task(() => 1)
    expect(() => work.with({ timeout: 'soon' as never })).toThrow(TypeError)
    expect(() => work.with(5 as never)).toThrow(TypeError)
  })
})

describe('the types of a task', () => {
  const join = task((x: number, text?: string) => `${x}${text ?? ''}`)
  const number = task(async () => 5)()

  it('follow its function', () => {
    expectTypeOf(join).toEqualTypeOf<TaskFunction<[x: number, text?: string], string>>()
    expectTypeOf(join(5)).toEqualTypeOf<TaskHandle<string>>()
    expectTypeOf(join.submit(5, 'a')).toEqualTypeOf<TaskHandle<string>>()
    expectTypeOf(join.call(5)).toEqualTypeOf<TaskHandle<string>>()
    expectTypeOf(join.with({ timeout: 5 })(5)).toEqualTypeOf<TaskHandle<string>>()
    expectTypeOf(number).toEqualTypeOf<TaskHandle<number>>()
    expectTypeOf(task(function* () {})()).toEqualTypeOf<TaskHandle<void>>()
  })

  it('take handles for arguments, and another function in the place of theirs', () => {
    expectTypeOf(join(number, 'a')).toEqualTypeOf<TaskHandle<string>>()
    expectTypeOf(join((letters: string) => [letters], 'a')).toEqualTypeOf<TaskHandle<string[]>>()
    const wrong = () => {
      // @ts-expect-error a string is no number
      join('a')
      // @ts-expect-error neither is the result of this task
      join(join(5))
      // @ts-expect-error there are two parameters
      join(5, 'a', 'b')
      // @ts-expect-error the option has another name
      join.with({ timeOut: 5 })
    }
    expectTypeOf(wrong).toBeFunction()
  })

  it('have the elements of a map', async () => {
    expectTypeOf(join.map([1, number], { timeout: 5 })).toEqualTypeOf<MapResults<string>>()
    expectTypeOf(join.map([1], ['a'])).toEqualTypeOf<MapResults<string>>()
    expectTypeOf(join.map([1], { onError: 'collect' })).toEqualTypeOf<MapResults<string | Error>>()
    expectTypeOf(join.map([1], ['a'], { onError: 'collect' })).toEqualTypeOf<MapResults<string | Error>>()
    expectTypeOf(join.map([1], { onError: 'settle' })).toEqualTypeOf<MapResults<MapSettled<string>>>()
    const wrong = () => {
      // @ts-expect-error a string is no number
      join.map(['a'])
      // @ts-expect-error the option has another name
      join.map([1], { timeOut: 5 })
    }
    expectTypeOf(wrong).toBeFunction()
  })

  it('are those of an unbound worker, too', async () => {
    const worker = await TaskWorker.start()
    expectTypeOf(worker.submit((x: number) => x, number)).toEqualTypeOf<TaskHandle<number>>()
    expectTypeOf(worker.map(x => x, [1])).toEqualTypeOf<MapResults<number>>()
    expectTypeOf(worker.map(async (x: number, y?: string) => y ?? `${x}`, [1], { timeout: 5 })).toEqualTypeOf<
      MapResults<string>
    >()
    expectTypeOf(worker.map((x: number, y: string) => x + y, [1], ['a'], { onError: 'collect' })).toEqualTypeOf<
      MapResults<string | Error>
    >()
    const handle = worker.submit((x: number) => x, number)
    expect(await handle).toBe(5)
    await worker.stop()
  })
})
