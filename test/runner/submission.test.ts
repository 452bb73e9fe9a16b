import { sleep } from 'effection'
import { describe, expect, it, vi } from 'vitest'
import { BaseTask, ManagerClosedError, SleepTask, TaskRunner, type TaskStatusEvent } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, failureOf, forever } from '../work.ts'
import { within } from './within.ts'

class Add extends BaseTask<number> {
  readonly type = 'add'
  readonly a: number
  readonly b: number
  constructor(a: number, b: number) {
    super()
    this.a = a
    this.b = b
  }
  run() {
    return this.a + this.b
  }
}

describe('submit', () => {
  it('runs a task of a class, whose type and name are in its record', async () => {
    const runner = await TaskRunner.start()
    const handle = runner.submit(new Add(1, 2))
    expect(await handle).toBe(3)
    expect(handle.name).toBe('Add')
    expect(runner.getRecord(handle.id)).toMatchObject({ name: 'Add', type: 'add', status: 'done', result: 3 })
  })

  it('runs plain work: values, promises and operations', async () => {
    await within({}, async runner => {
      expect(await runner.submit(() => 1)).toBe(1)
      expect(await runner.submit(() => delay(5, 2))).toBe(2)
      const operation = runner.submit(function* () {
        yield* sleep(5)
        return 3
      })
      expect(await operation).toBe(3)
    })
  })

  it('gives plain work the number of its task for a name, and no type', async () => {
    const runner = await TaskRunner.start()
    const handle = runner.submit(() => 1)
    await handle
    expect(handle.record()).toMatchObject({ id: 1, name: 'task 1' })
    expect(handle.record()).not.toHaveProperty('type')
  })

  it('takes what the options say before what the task says', async () => {
    const runner = await TaskRunner.start()
    const task = new SleepTask({ ms: 0, name: 'own', priority: 1, timeout: 1_000 })
    const own = runner.submit(task).record()
    const other = runner.submit(task, { name: 'given', type: 'other', priority: 2 }).record()
    expect(own).toMatchObject({ name: 'own', type: 'sleep', priority: 1 })
    expect(other).toMatchObject({ name: 'given', type: 'other', priority: 2 })
    await runner.drain()
  })

  it('takes what the task says where an option is undefined', async () => {
    const runner = await TaskRunner.start()
    const task = new SleepTask({ ms: 0, name: 'own', priority: 1 })
    const options = { name: undefined, priority: undefined } as unknown as object
    expect(runner.submit(task, options).record()).toMatchObject({ name: 'own', priority: 1 })
    await runner.drain()
  })

  it('takes one task as often as it is given', async () => {
    const runner = await TaskRunner.start()
    const task = new Add(2, 2)
    expect(await Promise.all([runner.submit(task), runner.submit(task)])).toEqual([4, 4])
    expect(runner.records()).toHaveLength(2)
  })

  it('takes anything that has the shape of a task, as of another copy of this package', async () => {
    const runner = await TaskRunner.start()
    const task = { type: 'shape', name: 'looks like it', run: () => 'ran' }
    expect(await runner.submit(task)).toBe('ran')
    expect(runner.getRecord(1)).toMatchObject({ type: 'shape', name: 'looks like it' })
  })

  it('starts nothing within the call', async () => {
    const runner = await TaskRunner.start()
    const work = vi.fn()
    const handle = runner.submit(work)
    expect(work).not.toHaveBeenCalled()
    expect(handle.status).toBe('pending')
    await handle
    expect(work).toHaveBeenCalledOnce()
  })

  it('passes the deadline, the signal and the retries on', async () => {
    await within({}, async runner => {
      const late = runner.submit(forever, { deadline: 20 })
      expect(await failureOf(late)).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 20 })
      const controller = new AbortController()
      const stopped = runner.submit(new SleepTask({ ms: 1_000 }), { signal: controller.signal })
      await settle()
      controller.abort('enough')
      expect(await failureOf(stopped)).toMatchObject({ code: 'ERR_TASK_CANCELLED', cause: 'enough' })
      const flaky = runner.submit(({ attempt }) => (attempt < 3 ? Promise.reject('not yet') : attempt), { retry: 2 })
      expect(await flaky).toBe(3)
    })
  })
})

describe('a wrong submission', () => {
  const typeless = { run: () => 1 }
  it.each([
    [undefined, undefined, TypeError, /work must be a function, got undefined/],
    [{}, undefined, TypeError, /work must be a function, got an object/],
    [async function* () {}, undefined, TypeError, /work must be no async function\*/],
    [
      { type: 't', async *run() {} },
      undefined,
      TypeError,
      /run of a task must be a function that runs when it is called/,
    ],
    [Promise.resolve(1), undefined, TypeError, /which is already running/],
    [sleep(1), undefined, TypeError, /got an operation/],
    [typeless, undefined, TypeError, /type of a task must be a string, got undefined/],
    [{ ...typeless, type: 1 }, undefined, TypeError, /type of a task must be a string, got 1/],
    [{ ...typeless, type: 't', name: 5 }, undefined, TypeError, /name must be a string, got 5/],
    [{ ...typeless, type: 't', timeout: -1 }, undefined, RangeError, /timeout must be .*got -1/],
    [{ ...typeless, type: 't', priority: Number.NaN }, undefined, RangeError, /priority must be a number, got NaN/],
    [{ ...typeless, type: 't', retry: -1 }, undefined, RangeError, /retr.*got -1/],
    [new Add(1, 1), 5, TypeError, /options must be an object, got 5/],
    [new Add(1, 1), null, TypeError, /options must be an object, got null/],
    [new Add(1, 1), { timeout: '1' }, TypeError, /timeout must be .*got "1"/],
    [new Add(1, 1), { durable: 1 }, TypeError, /durable must be true or false, got 1/],
    [() => 1, 'name', TypeError, /options must be an object, got "name"/],
    [() => 1, { priority: 'high' }, TypeError, /priority must be a number, got "high"/],
    [() => 1, { signal: {} }, TypeError, /signal must be an AbortSignal/],
    [() => 1, { cost: { a: 1 } }, TypeError, /limits is not given/],
    [() => 1, { durable: 'no' }, TypeError, /durable must be true or false, got "no"/],
  ])('is refused at the call, and nothing of it is kept: %# %j', async (given, options, type, message) => {
    const runner = await TaskRunner.start({ logger: false })
    const submitted = vi.fn()
    runner.on('submitted', submitted)
    const attempt = () => runner.submit(given as () => number, options as object)
    expect(attempt).toThrow(type)
    expect(attempt).toThrow(message)
    await settle()
    expect(submitted).not.toHaveBeenCalled()
    expect(runner.records()).toEqual([])
    expect(runner.stats()).toMatchObject({ submitted: 0, rejected: 0, pending: 0, queueSize: 0 })
    expect(runner.submit(() => 1).id).toBe(1)
  })

  it('is one to a runner that is closed', async () => {
    const runner = await TaskRunner.start({ name: 'shop' })
    const events: TaskStatusEvent[] = []
    runner.on('submitted', event => events.push(event))
    const closing = runner.close()
    expect(() => runner.submit(() => 1)).toThrow(ManagerClosedError)
    expect(() => runner.submit(new Add(1, 1))).toThrow('shop is closed and takes no new tasks')
    await closing
    expect(() => runner.submit(() => 1)).toThrow(ManagerClosedError)
    expect(events).toEqual([])
    expect(runner.records()).toEqual([])
  })
})
