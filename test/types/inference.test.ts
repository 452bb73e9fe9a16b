import { describe, expectTypeOf, it } from 'vitest'
import {
  type BaseTask,
  type RetryOptions,
  SleepTask,
  type SpawnOptions,
  type TaskHandle,
  type TaskManager,
  type TaskRunner,
  type TaskStream,
  type Work,
} from '../../src/index.ts'
import { type TaskFunction, TaskWorker, task, type WorkerOptions } from '../../src/worker.ts'

/** None of these is called: only the types are looked at, and each `@ts-expect-error` is one error of its line. */
const never = (looked: (...args: never[]) => unknown) => expectTypeOf(looked).toBeFunction()

describe('a call gives', () => {
  it('a stream of the items of an async function*, else a handle', () => {
    never((manager: TaskManager, worker: TaskWorker) => {
      async function* count(to: number) {
        yield to
      }
      expectTypeOf(manager.stream(() => count(1))).toEqualTypeOf<TaskStream<number>>()
      expectTypeOf(manager.stream(async () => count(1))).toEqualTypeOf<TaskStream<number>>()
      const counted = task(count)
      expectTypeOf(counted(1)).toEqualTypeOf<TaskStream<number>>()
      expectTypeOf(counted.with({ buffer: 1 }).submit(1)).toEqualTypeOf<TaskStream<number>>()
      expectTypeOf(worker.submit(count, 1)).toEqualTypeOf<TaskStream<number>>()
      type Anything = ReturnType<typeof JSON.parse>
      expectTypeOf(worker.submit(() => JSON.parse('1'))).toEqualTypeOf<TaskHandle<Anything>>()
      expectTypeOf(worker.submit((): never => process.exit())).toEqualTypeOf<TaskHandle<never>>()
      expectTypeOf(task(async () => [1])()).toEqualTypeOf<TaskHandle<number[]>>()
      // @ts-expect-error an operation is no stream
      manager.stream(function* () {})
      // @ts-expect-error a list is none either
      manager.stream(() => [1])
    })
  })
})

describe('retryUntil gets the result of the work', () => {
  it('in spawn, map and submit', () => {
    never((manager: TaskManager, runner: TaskRunner) => {
      manager.spawn(() => 5, { retry: { retries: 1, retryUntil: r => r > 3 } })
      manager.spawn(async ({ signal }) => signal, { retry: { retries: 1, retryUntil: r => r.aborted } })
      manager.spawn(() => 'text', { retry: { retries: 1, retryUntil: [r => r.length > 1, (r, n) => r === `${n}`] } })
      manager.spawn(() => [1], { retry: { retries: 1, retryUntil: async r => r[0] === 1 } })
      manager.map([1, 2], async n => `${n}`, { retry: { retries: 1, retryUntil: r => r.length > 1 } })
      manager.map(['a'], item => item.length, { onError: 'collect', retry: { retries: 1, retryUntil: r => r > 1 } })
      runner.submit(() => 5, { retry: { retries: 1, retryUntil: r => r > 3 } })
      runner.submit(new SleepTask({ ms: 1 }), { retry: { retries: 1, retryUntil: r => r.startsWith('slept') } })
    })
  })

  it('and no other', () => {
    never((manager: TaskManager, runner: TaskRunner) => {
      // @ts-expect-error a number is no text
      manager.spawn(() => 5, { retry: { retries: 1, retryUntil: (r: string) => r === '' } })
      // @ts-expect-error a number has no length
      manager.spawn(() => 5, { retry: { retries: 1, retryUntil: r => r.length > 3 } })
      // @ts-expect-error a text is no number
      manager.map([1], n => `${n}`, { retry: { retries: 1, retryUntil: (r: number) => r > 1 } })
      // @ts-expect-error a text is no number
      runner.submit(new SleepTask({ ms: 1 }), { retry: { retries: 1, retryUntil: (r: number) => r > 1 } })
      // @ts-expect-error it does not answer
      manager.spawn(() => 5, { retry: { retries: 1, retryUntil: () => 'yes' } })
    })
  })

  it('does not decide what the result is', () => {
    const spawned = (manager: TaskManager) =>
      manager.spawn(() => [1], { retry: { retries: 1, retryUntil: (r: readonly number[]) => r.length > 1 } })
    expectTypeOf(spawned).returns.toEqualTypeOf<TaskHandle<number[]>>()
  })

  it('fits from options that were made elsewhere, for less or for anything', () => {
    const anything: RetryOptions = { retries: 1, retryUntil: r => r !== undefined }
    const numbers: SpawnOptions<number> = { retry: { retries: 1, retryUntil: r => r > 1 } }
    const loose: SpawnOptions = { retry: anything }
    never((manager: TaskManager) => {
      manager.spawn(() => 5, { retry: anything })
      manager.spawn(() => 5, numbers)
      manager.spawn(() => 5, loose)
      // @ts-expect-error they are for numbers
      manager.spawn(() => '5', numbers)
    })
    const pass = <T>(manager: TaskManager, work: Work<T>, options: SpawnOptions<T>): TaskHandle<T> =>
      manager.spawn(work, options)
    const submit = <T>(runner: TaskRunner, base: BaseTask<T>, options: SpawnOptions<T>): TaskHandle<T> =>
      runner.submit(base, options)
    expectTypeOf(pass<string>).returns.toEqualTypeOf<TaskHandle<string>>()
    expectTypeOf(submit<string>).returns.toEqualTypeOf<TaskHandle<string>>()
  })
})

describe('cost and key get the arguments of the function', () => {
  const upload = (file: { readonly size: number }, name: string) => `${name} ${file.size}`

  it('in task, with, map and TaskWorker.start', () => {
    const uploading = () => task(upload, { cost: (file, name) => ({ bytes: file.size, names: name.length }) })
    type Uploading = TaskFunction<[file: { readonly size: number }, name: string], string>
    expectTypeOf(uploading).returns.toEqualTypeOf<Uploading>()
    never((uploading: Uploading) => {
      task((p: { tokens: number }) => p.tokens, { cost: p => ({ tokens: p.tokens }) })
      task(upload, { mode: 'async', retry: { retries: 1, retryUntil: r => r.length > 1 } })
      uploading.with({ cost: file => ({ bytes: file.size }) })
      task(upload, { mode: 'distributed', key: (file, name) => `${file.size} ${name}` })
      uploading.map([{ size: 1 }], ['a'], { cost: file => ({ bytes: file.size }) })
    })
    never(async () => {
      await TaskWorker.start({ fn: upload, cost: (file, name) => ({ bytes: file.size, names: name.length }) })
      const worker = await TaskWorker.start()
      worker.map((n: number) => n, [1], { cost: n => ({ tokens: n }), retry: { retries: 1, retryUntil: r => r > 1 } })
    })
  })

  it('and no others', () => {
    never(() => {
      // @ts-expect-error a file is no text
      task(upload, { cost: (file: string) => ({ bytes: file.length }) })
      // @ts-expect-error a file has no length
      task(upload, { cost: file => ({ bytes: file.length }) })
      // @ts-expect-error amounts are numbers
      task(upload, { cost: () => ({ bytes: '5' }) })
      // @ts-expect-error it has two parameters
      task(upload, { key: (_file, _name, third) => third })
      // @ts-expect-error a text is no number
      task(upload, { retry: { retries: 1, retryUntil: (r: number) => r > 1 } })
      // @ts-expect-error a file is no text
      TaskWorker.start({ fn: upload, cost: (file: string) => ({ bytes: file.length }) })
    })
  })

  it('fit from options that were made elsewhere', () => {
    const options: WorkerOptions = { cost: () => ({ bytes: 1 }), retry: 3 }
    never(() => {
      task(upload, options)
      task(upload, { ...options, priority: 1 })
    })
  })
})

describe('a worker that is bound by start', () => {
  const start = () => TaskWorker.start({ fn: (x: number, y: string) => [x, y] as const })
  type Bound = Awaited<ReturnType<typeof start>>

  it('is typed by its function, and a TaskWorker all the same', () => {
    const calls = (worker: Bound) => [worker(1, 'a'), worker.submit(1, 'a'), worker.call(1, 'a')] as const
    type Handle = TaskHandle<readonly [number, string]>
    expectTypeOf(calls).returns.toEqualTypeOf<readonly [Handle, Handle, Handle]>()
    expectTypeOf<Bound>().toExtend<TaskWorker>()
    const others = (worker: Bound) => worker.submit((text: string) => text.length, 'text')
    expectTypeOf(others).returns.toEqualTypeOf<TaskHandle<number>>()
    const maps = (worker: Bound) => worker.map([1], ['a']).toArray()
    expectTypeOf(maps).returns.toEqualTypeOf<Promise<(readonly [number, string])[]>>()
  })

  it('takes no other arguments', () => {
    never((worker: Bound) => {
      // @ts-expect-error the second is a text
      worker(1, 2)
      // @ts-expect-error the second is missing
      worker.submit(1)
      // @ts-expect-error the first is a number
      worker.call('1', 'a')
    })
  })
})
