import { describe, expect, it } from 'vitest'
import { BaseTask, SleepTask, TaskRunner, type TaskRunnerOptions } from '../../src/index.ts'

class Bare extends BaseTask<number> {
  readonly type = 'bare'
  run() {
    return 1
  }
}

class Namesake extends SleepTask {
  static override readonly type = 'sleep'
}

const store = { open() {}, write() {}, close() {} }

describe('the options of a runner', () => {
  it.each([
    [5, TypeError, /options must be an object, got 5/],
    [null, TypeError, /options must be an object, got null/],
    [{ workers: 0 }, RangeError, /workers must be a positive integer or Infinity, got 0/],
    [{ workers: 1.5 }, RangeError, /workers must be .*got 1.5/],
    [{ workers: '4' }, TypeError, /workers must be .*got "4"/],
    [{ queueSize: -1 }, RangeError, /queueSize must be zero, a positive integer or Infinity, got -1/],
    [{ queueSize: null }, TypeError, /queueSize must be .*got null/],
    [{ submitPolicy: 'drop' }, RangeError, /submitPolicy must be one of 'reject', 'wait', .*got "drop"/],
    [{ submitPolicy: 1 }, TypeError, /submitPolicy must be one of .*got 1/],
    [{ history: -1 }, RangeError, /history must be .*got -1/],
    [{ history: 0.5 }, RangeError, /history must be .*got 0.5/],
    [{ idleTimeout: -1 }, RangeError, /idleTimeout must be .*got -1/],
    [{ idleTimeout: '1s' }, TypeError, /idleTimeout must be .*got "1s"/],
    [{ durable: 1 }, TypeError, /durable must be true or false, got 1/],
    [{ recover: 'retry' }, RangeError, /recover must be one of 'rerun', 'fail', 'ignore', got "retry"/],
    [{ store: {} }, TypeError, /store must have the methods of a TaskStore, got an object without open/],
    [{ store: 'file.db' }, TypeError, /store must have .*got "file.db" without open/],
    [{ store: { ...store, close: undefined } }, TypeError, /without close/],
    [{ tasks: SleepTask }, TypeError, /tasks must be an iterable/],
    [{ tasks: [new SleepTask({ ms: 1 })] }, TypeError, /tasks must be classes that extend BaseTask/],
    [{ tasks: [class {}] }, TypeError, /tasks must be classes that extend BaseTask/],
    [{ tasks: [Bare] }, TypeError, /Bare needs a static fromJSON/],
    [{ tasks: [SleepTask, Namesake] }, RangeError, /two classes are called "sleep" in the store/],
    [{ logger: {} }, TypeError, /logger must have an error method, or be false/],
    [{ onError: 'log' }, TypeError, /onError must be a function/],
    [{ closeTimeout: -1 }, RangeError, /closeTimeout must be/],
    [{ cleanupTimeout: 'x' }, TypeError, /cleanupTimeout must be/],
    [{ failFast: 1 }, TypeError, /failFast must be true or false/],
    [{ name: 1 }, TypeError, /name must be a string/],
    [{ signal: {} }, TypeError, /signal must be an AbortSignal/],
    [{ autoStart: 'no' }, TypeError, /autoStart must be true or false/],
    [{ maxTasks: 4 }, TypeError, /a runner has no maxTasks: its option is called workers/],
    [{ maxPending: 4 }, TypeError, /a runner has no maxPending: its option is called queueSize/],
  ])('are refused if wrong: %# %j', async (options, type, message) => {
    const starting = TaskRunner.start(options as TaskRunnerOptions)
    await expect(starting).rejects.toThrow(type)
    await expect(starting).rejects.toThrow(message)
  })

  it('are all of them optional, with the documented defaults', async () => {
    const runner = await TaskRunner.start()
    expect(runner.workers).toBe(4)
    expect(runner.stats()).toMatchObject({ maxTasks: 4, paused: false, closed: false })
    for (let n = 0; n < 104; n += 1) runner.submit(() => n)
    expect(() => runner.submit(() => 1)).toThrow('runner has 100 tasks pending, its queueSize: ')
    await runner.drain()
  })

  it('may be undefined', async () => {
    const options = { workers: undefined, queueSize: undefined, logger: undefined, store: undefined, signal: undefined }
    const runner = await TaskRunner.start(options as unknown as TaskRunnerOptions)
    expect(runner.workers).toBe(4)
  })

  it('take the same class twice', async () => {
    expect(await TaskRunner.start({ tasks: [SleepTask, SleepTask] })).toBeInstanceOf(TaskRunner)
  })

  it('name the runner in its messages', async () => {
    const runner = await TaskRunner.start({ name: 'kitchen', workers: 1, queueSize: 0 })
    runner.submit(() => 1)
    expect(() => runner.submit(() => 1)).toThrow('kitchen has 0 tasks pending, its queueSize: ')
    await runner.drain()
  })

  it('with a signal that is already aborted are refused with its reason', async () => {
    await expect(TaskRunner.start({ signal: AbortSignal.abort('too late') })).rejects.toBe('too late')
  })
})
