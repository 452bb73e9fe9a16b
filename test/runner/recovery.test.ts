import { beforeEach, describe, expect, it, vi } from 'vitest'
import { BaseTask, StoreError, TaskInterruptedError, TaskRunner, type TaskRunnerOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory-store.ts'
import type { TaskStore } from '../../src/store/types.ts'
import { autojump } from '../harness.ts'
import { delay, failureOf, forever, untilAborted } from '../work.ts'
import { CountingTask } from './counting-task.ts'
import { FragileStore } from './fragile-store.ts'

/**
 * What a process that died leaves behind: the store as it was, without the close of a runner. `begin` submits; its runner
 * is left hanging.
 */
async function crashed(begin: (runner: TaskRunner) => void, options: TaskRunnerOptions = {}): Promise<TaskStore> {
  const store = memoryStore()
  const runner = await TaskRunner.start({ store, tasks: [CountingTask], logger: false, ...options })
  begin(runner)
  await runner.flush()
  await store.close()
  return store
}

async function restart(store: TaskStore, options: TaskRunnerOptions = {}): Promise<TaskRunner> {
  return TaskRunner.start({ store, tasks: [CountingTask], logger: false, ...options })
}

beforeEach(() => {
  CountingTask.runs = []
})

describe('a store with a past', () => {
  it('finds ended records again, with their results and errors', async () => {
    const store = memoryStore()
    const first = await restart(store)
    await first.submit(new CountingTask(21), { name: 'answer' })
    await failureOf(
      first.submit(() => {
        throw new RangeError('too far', { cause: 'a reason' })
      }),
    )
    await first.submit(forever).cancel('enough')
    await first.close()

    const second = await restart(store)
    expect(second.records().map(({ id, name, status }) => [id, name, status])).toEqual([
      [3, 'task 3', 'cancelled'],
      [2, 'task 2', 'failed'],
      [1, 'answer', 'done'],
    ])
    expect(await second.wait(1)).toBe(42)
    const error = await failureOf(second.wait(2))
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ message: 'too far', cause: 'a reason' })
    expect(await failureOf(second.wait(3))).toMatchObject({ code: 'ERR_TASK_CANCELLED', cause: 'enough' })
    expect(await second.cancel(1)).toBe(false)
    await second.close()
  })

  it('keeps as many of them as history says, and finds the others in the store', async () => {
    const store = memoryStore()
    const first = await restart(store)
    for (let n = 0; n < 10; n++) await first.submit(() => n)
    await first.close()
    const second = await restart(store, { history: 3 })
    expect(second.records().map(({ id }) => id)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
    Object.assign(store, { find: undefined })
    expect(second.records().map(({ id }) => id)).toEqual([10, 9, 8])
    await second.close()
  })

  it('goes on with the ids', async () => {
    const store = await crashed(runner => runner.submit(() => 1))
    const second = await restart(store)
    expect(second.submit(() => 2).id).toBe(2)
    await second.close()
  })

  it('is closed with the runner, so that the next may open it', async () => {
    const store = memoryStore()
    const first = await restart(store)
    await expect(restart(store)).rejects.toThrow(StoreError)
    await first.shutdown()
    await (await restart(store)).close()
  })

  it('is closed when a signal aborts the runner', async () => {
    const store = memoryStore()
    const stopping = new AbortController()
    const first = await restart(store, { signal: stopping.signal })
    stopping.abort()
    await first.close()
    await (await restart(store)).close()
  })

  it('is left closed when it can not be read', async () => {
    const store = new FragileStore()
    const first = await restart(store)
    first.submit(forever)
    await first.flush()
    await store.close()
    store.failure = new Error('read only')
    await expect(restart(store)).rejects.toThrow(StoreError)
    store.failure = undefined
    await (await restart(store)).close()
  })
})

describe('recovery', () => {
  it('runs what was pending or running again, under its id, in order, with its options', async () => {
    const store = await crashed(
      runner => {
        runner.submit(new CountingTask(1), { priority: 1, name: 'one' })
        runner.submit(new CountingTask(2), { priority: 2 })
        runner.submit(new CountingTask(3))
      },
      { autoStart: false },
    )
    const runner = await restart(store, { workers: 1 })
    expect(await runner.wait(3)).toBe(6)
    expect(runner.getRecord(1)).toMatchObject({ name: 'one', priority: 1, type: 'counting' })
    expect(CountingTask.runs).toEqual([2, 1, 3])
    expect(runner.stats()).toMatchObject({ done: 3, submitted: 3 })
    await runner.close()
    expect((await store.open(10)).unfinished).toEqual([])
  })

  it('takes all of them, also those past the size of the queue', async () => {
    const store = await crashed(
      runner => {
        for (let n = 0; n < 20; n++) runner.submit(new CountingTask(n))
      },
      { autoStart: false },
    )
    const runner = await restart(store, { queueSize: 1, workers: 1 })
    await runner.drain()
    expect(runner.stats().done).toBe(20)
    await runner.close()
  })

  it('keeps what is left of a deadline', async () => {
    await autojump(async () => {
      const store = await crashed(runner => runner.submit(new CountingTask(1, 500), { deadline: 1_000 }))
      await delay(700)
      const runner = await restart(store)
      expect(await failureOf(runner.wait(1))).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 300 })
      await runner.close()
    })
  })

  it('does not prolong a deadline by what the clock was set back, however often', async () => {
    await autojump(async () => {
      const store = await crashed(runner => runner.submit(new CountingTask(1, 5_000), { deadline: 1_000 }))
      for (let round = 0; round < 3; round += 1) {
        vi.setSystemTime(Date.now() - 3_600_000)
        const runner = await restart(store, { autoStart: false })
        expect(runner.records()[0]?.createdAt).toBe(Date.now())
        await delay(100)
        await runner.flush()
        await store.close()
      }
      const runner = await restart(store)
      const { code, limit } = (await failureOf(runner.wait(1))) as { code: string; limit: number }
      expect(code).toBe('ERR_TASK_TIMEOUT')
      expect(limit).toBeLessThanOrEqual(1_000)
      await runner.close()
    })
  })

  it('fails what was interrupted not before it began', async () => {
    await autojump(async () => {
      const store = await crashed(runner => runner.submit(new CountingTask(1, 500)))
      vi.setSystemTime(Date.now() - 3_600_000)
      const runner = await restart(store, { recover: 'fail' })
      const { startedAt = 0, endedAt = 0 } = runner.records()[0] ?? {}
      expect(endedAt).toBeGreaterThanOrEqual(startedAt)
      await runner.close()
    })
  })

  it('fails what can not be run again, and says why', async () => {
    class Stranger extends CountingTask {
      override readonly type: 'counting' = 'counting'
    }
    class Moody extends BaseTask<void> {
      readonly type = 'moody'
      run(): Promise<void> {
        return forever()
      }
      static fromJSON(): Moody {
        throw new Error('not today')
      }
    }
    const store = await crashed(
      runner => {
        runner.submit(forever, { name: 'plain' })
        runner.submit(new Stranger(1))
        runner.submit(new Moody())
        runner.submit(new CountingTask(1, 1_000_000))
      },
      { tasks: [CountingTask, Moody], autoStart: false },
    )
    const runner = await restart(store, { tasks: [Moody] })
    const errors = [1, 2, 3, 4].map(id => runner.getRecord(id)?.error as Error)
    for (const error of errors) expect(error).toBeInstanceOf(TaskInterruptedError)
    expect(errors[0]?.message).toContain('task 1 "plain" was pending when its process ended')
    expect(errors[2]?.cause).toMatchObject({ message: 'not today' })
    expect(errors[3]?.message).toContain('its class is not in tasks')
    expect(await failureOf(runner.wait(1))).toBe(errors[0])
    await runner.close()
    expect((await store.open(10)).ended.map(({ id, status }) => [id, status])).toEqual([
      [1, 'failed'],
      [2, 'failed'],
      [3, 'failed'],
      [4, 'failed'],
    ])
  })

  it(`fails everything with recover: 'fail'`, async () => {
    const store = await crashed(runner => runner.submit(new CountingTask(1)), { autoStart: false })
    const runner = await restart(store, { recover: 'fail' })
    expect(await failureOf(runner.wait(1))).toBeInstanceOf(TaskInterruptedError)
    expect(CountingTask.runs).toEqual([])
    await runner.close()
  })

  it(`leaves everything in the store with recover: 'ignore', for another start`, async () => {
    const store = await crashed(runner => runner.submit(new CountingTask(1)), { autoStart: false })
    const ignoring = await restart(store, { recover: 'ignore' })
    expect(ignoring.records()).toEqual([])
    expect(ignoring.submit(() => 1).id).toBe(2)
    await ignoring.close()
    const runner = await restart(store)
    expect(await runner.wait(1)).toBe(2)
    await runner.close()
  })
})

describe(`close with pending: 'keep'`, () => {
  it('leaves what has not ended to the next runner', async () => {
    const store = memoryStore()
    const first = await restart(store, { workers: 1 })
    const done = first.submit(new CountingTask(1))
    await done
    const plain = first.submit(({ signal }) => untilAborted(signal))
    const kept = first.submit(new CountingTask(2))
    await kept.accepted
    const report = await first.close({ pending: 'keep', timeout: 0 })
    expect(report).toMatchObject({
      done: 1,
      cancelled: 1,
      neverStarted: [],
      kept: [{ id: kept.id, name: 'CountingTask' }],
    })
    expect([done.status, plain.status, kept.status]).toEqual(['done', 'cancelled', 'cancelled'])

    const second = await restart(store)
    expect(await second.wait(kept.id)).toBe(4)
    expect(second.getRecord(plain.id)?.status).toBe('cancelled')
    expect(CountingTask.runs).toEqual([1, 2])
    await second.close()
  })

  it('does not call kept what the store never had, or can not run again', async () => {
    const store = memoryStore()
    const first = await restart(store, { autoStart: false, durable: false })
    first.submit(new CountingTask(1))
    await first.flush()
    first.submit(() => 'plain')
    const late = first.submit(new CountingTask(2))
    const report = await first.close({ pending: 'keep', timeout: 0 })
    expect(report.kept?.map(({ id }) => id)).toEqual([1])
    expect(report.neverStarted.map(({ id }) => id)).toEqual([2, late.id])
    expect(report.cancelled).toBe(2)
    const { unfinished, ended } = await store.open(10)
    expect([unfinished.map(({ id }) => id), ended.map(({ id }) => id)]).toEqual([[1], [2, 3]])
  })

  it('records a cancel from outside', async () => {
    const store = memoryStore()
    const first = await restart(store, { autoStart: false })
    const handle = first.submit(new CountingTask(1))
    await first.flush()
    handle.cancel('mine')
    await first.close({ pending: 'keep', timeout: 0 })
    expect((await store.open(10)).ended).toMatchObject([{ id: 1, status: 'cancelled' }])
  })

  it('needs a store', async () => {
    const runner = await TaskRunner.start()
    expect(() => runner.close({ pending: 'keep' })).toThrow(RangeError)
    expect(runner.stats().closed).toBe(false)
    await runner.close()
  })
})
