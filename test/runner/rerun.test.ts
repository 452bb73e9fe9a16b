import { beforeEach, describe, expect, it } from 'vitest'
import {
  QueueFullError,
  StoreError,
  TaskNotFinishedError,
  TaskNotFoundError,
  TaskNotRerunnableError,
  TaskRunner,
  type TaskRunnerOptions,
} from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory-store.ts'
import { delay, failureOf, forever } from '../work.ts'
import { CountingTask } from './counting-task.ts'
import { within } from './within.ts'

const OPTIONS: TaskRunnerOptions = { tasks: [CountingTask], logger: false }

beforeEach(() => {
  CountingTask.runs = []
})

describe('rerun', () => {
  it('runs a task again as it was submitted, as one of its own', async () => {
    await within(OPTIONS, async runner => {
      const options = { name: 'double', tags: ['night'], priority: 3, timeout: 100, retry: 1 }
      const first = runner.submit(new CountingTask(21), options)
      await first
      const again = runner.rerun<number>(first.id)
      expect(await again).toBe(42)
      expect(CountingTask.runs).toEqual([21, 21])
      expect(again.id).toBe(2)
      expect(again.record()).toMatchObject({
        name: 'double',
        type: 'counting',
        tags: ['night'],
        priority: 3,
        rerunOf: 1,
        payload: { n: 21, ms: 0 },
      })
      expect(first.record()).not.toHaveProperty('rerunOf')
      expect(runner.rerun(again.id).record().rerunOf).toBe(2)
      await runner.drain()
    })
  })

  it('takes what the task was when it was submitted', async () => {
    await within(OPTIONS, async runner => {
      const task = new CountingTask(1)
      await runner.submit(task)
      Object.assign(task, { n: 5 })
      expect(await runner.rerun(1)).toBe(2)
    })
  })

  it('has nothing to wait for where the first was told to start later', async () => {
    await within(OPTIONS, async runner => {
      const first = runner.submit(new CountingTask(1), { delay: 60_000 })
      await first
      const ended = Date.now()
      await runner.rerun(first.id)
      expect(Date.now()).toBe(ended)
    })
  })

  it('gives the task its deadline anew', async () => {
    await within(OPTIONS, async runner => {
      const first = runner.submit(new CountingTask(1, 1_000), { deadline: 500 })
      expect(await failureOf(first)).toMatchObject({ code: 'ERR_TASK_TIMEOUT' })
      const again = runner.rerun(first.id)
      await delay(400)
      expect(again.done()).toBe(false)
      expect(await failureOf(again)).toMatchObject({ code: 'ERR_TASK_TIMEOUT' })
    })
  })

  it('refuses what is unknown, what lives and what can not be made again, and runs nothing', async () => {
    class Other extends CountingTask {}
    await within({ ...OPTIONS, workers: 1 }, async runner => {
      await runner.submit(() => 1)
      await runner.submit(new Other(7))
      const running = runner.submit(new CountingTask(1, 10))
      const pending = runner.submit(new CountingTask(2))
      for (const id of [99, 0, -1, 1.5, Number.NaN]) expect(() => runner.rerun(id)).toThrow(TaskNotFoundError)
      expect(() => runner.rerun(pending.id)).toThrow(TaskNotFinishedError)
      await delay(5)
      expect(() => runner.rerun(running.id)).toThrow('task 3 "CountingTask" is running: it can be run again once')
      expect(() => runner.rerun(1)).toThrow(TaskNotRerunnableError)
      expect(() => runner.rerun(1)).toThrow(
        /task 1 can't be run again, it was not submitted as a task whose class is in/,
      )
      expect(() => runner.rerun(2)).toThrow(TaskNotRerunnableError)
      await runner.drain()
      expect(runner.stats().submitted).toBe(4)
    })
  })

  it('says what a class throws that can not make it again', async () => {
    const wrong = new Error('no such n')
    class Picky extends CountingTask {
      static override fromJSON(): CountingTask {
        throw wrong
      }
    }
    await within({ ...OPTIONS, tasks: [Picky] }, async runner => {
      await runner.submit(new Picky(1))
      await expect(async () => runner.rerun(1)).rejects.toMatchObject({ code: 'ERR_TASK_NOT_RERUNNABLE', cause: wrong })
    })
  })

  it('obeys the submit policy, and is refused after the close', async () => {
    await within({ ...OPTIONS, workers: 1, queueSize: 0 }, async runner => {
      await runner.submit(new CountingTask(1))
      const running = runner.submit(forever)
      expect(() => runner.rerun(1)).toThrow(QueueFullError)
      void running.cancel()
      await runner.close()
      expect(() => runner.rerun(1)).toThrow(/is closed/)
    })
  })
})

describe('rerun with a store', () => {
  it('finds the tasks of an earlier process, and starts once the record is durable', async () => {
    const store = memoryStore()
    const first = await TaskRunner.start({ ...OPTIONS, store })
    await first.submit(new CountingTask(1), { tags: ['a'] })
    await failureOf(first.submit(new CountingTask(2, 50), { timeout: 10, tags: ['a', 'b'] }))
    await first.close()

    await using second = await TaskRunner.start({ ...OPTIONS, store })
    const [failed] = second.records({ tag: 'b', status: 'failed' })
    expect(failed).toMatchObject({ id: 2, tags: ['a', 'b'], payload: { n: 2, ms: 50 } })
    const again = second.rerun(failed!.id)
    await again.accepted
    const kept = [...store.find!({ id: again.id })]
    expect(kept.map(({ status, tags }) => [status, tags])).toEqual([['pending', ['a', 'b']]])
    await failureOf(again)
  })

  it('is gone through anew after a crash, as the repetition that it is', async () => {
    const store = memoryStore()
    const first = await TaskRunner.start({ ...OPTIONS, store, workers: 1 })
    await first.submit(new CountingTask(1), { tags: ['a'] })
    first.pause()
    await first.rerun(1).accepted
    await first.flush()
    await store.close()
    await using second = await TaskRunner.start({ ...OPTIONS, store })
    expect(await second.wait(2)).toBe(2)
    expect(second.getRecord(2)).toMatchObject({ rerunOf: 1, tags: ['a'], payload: { n: 1 } })
  })

  it('may follow upon an interruption that nothing was to be done about', async () => {
    const store = memoryStore()
    const first = await TaskRunner.start({ ...OPTIONS, store, autoStart: false })
    await first.submit(new CountingTask(1)).accepted
    await store.close()
    await using second = await TaskRunner.start({ ...OPTIONS, store, recover: 'fail' })
    expect(await failureOf(second.wait(1))).toMatchObject({ code: 'ERR_TASK_INTERRUPTED' })
    expect(await second.rerun(1)).toBe(2)
  })
})

describe('what the history no longer has', () => {
  async function full(options?: TaskRunnerOptions): Promise<TaskRunner> {
    const runner = await TaskRunner.start({ ...OPTIONS, store: memoryStore(), history: 2, ...options })
    for (let n = 1; n <= 6; n++)
      await runner.submit(new CountingTask(n), { tags: [n % 2 === 0 ? 'even' : 'odd'], name: `n${n}` })
    await runner.flush()
    return runner
  }

  it('is found in the store: by id and by query, in pages, and run again', async () => {
    await using runner = await full()
    expect(runner.getRecord(1)).toMatchObject({ name: 'n1', payload: { n: 1 }, result: 2 })
    expect(await runner.wait(2)).toBe(4)
    const ids = (query: Parameters<typeof runner.records>[0]) => runner.records(query).map(({ id }) => id)
    expect(ids({})).toEqual([6, 5, 4, 3, 2, 1])
    expect(ids({ tag: 'even' })).toEqual([6, 4, 2])
    expect(ids({ tag: 'even', limit: 2 })).toEqual([6, 4])
    expect(ids({ tag: 'even', before: 4 })).toEqual([2])
    expect(ids({ name: 'n3' })).toEqual([3])
    expect(ids({ type: 'counting', status: ['done', 'failed'], limit: 3 })).toEqual([6, 5, 4])
    expect(ids({ status: 'pending' })).toEqual([])
    expect(await runner.rerun(1)).toBe(2)
  })

  it('is unknown where the store can not be asked', async () => {
    const { open, write, close } = memoryStore()
    const inner = memoryStore()
    const store = {
      open: (...args: Parameters<typeof open>) => inner.open(...args),
      write: (...args: Parameters<typeof write>) => inner.write(...args),
      close: () => inner.close(),
    } satisfies Record<'open' | 'write' | 'close', typeof open | typeof write | typeof close>
    await using runner = await full({ store })
    expect(runner.getRecord(1)).toBeUndefined()
    expect(() => runner.rerun(1)).toThrow(TaskNotFoundError)
  })

  it('is told as a StoreError when the store fails', async () => {
    const store = memoryStore()
    await using runner = await full({ store })
    store.find = () => {
      throw new Error('unplugged')
    }
    expect(() => runner.getRecord(1)).toThrow(StoreError)
    expect(() => runner.records()).toThrow(/the store can't be read: unplugged/)
    expect(runner.getRecord(6)?.status).toBe('done')
  })

  it('is gone for good where retain says so', async () => {
    await using runner = await full({ retain: { count: 3 } })
    await runner.flush()
    expect(runner.records().map(({ id }) => id)).toEqual([6, 5, 4])
    expect(() => runner.rerun(1)).toThrow(TaskNotFoundError)
  })
})

describe('tags', () => {
  it.each([
    ['night', TypeError, /^tags must be a list of texts, got "night"/],
    [[7], TypeError, /^each of tags must be a string, got 7/],
    [[''], RangeError, /^each of tags must be a string that is not empty/],
    [new Set(['a']), TypeError, /^tags must be a list/],
  ])('are refused as %o', async (tags, type, message) => {
    await within({}, async runner => {
      const submit = () => runner.submit(() => 1, { tags: tags as string[] })
      expect(submit).toThrow(type)
      expect(submit).toThrow(message)
    })
  })

  it('are each there once, frozen, and apart from the list that was given', async () => {
    await within({}, async runner => {
      const tags = ['a', 'b', 'a']
      const { id } = runner.submit(() => 1, { tags })
      tags.push('c')
      const found = runner.getRecord(id)?.tags
      expect(found).toEqual(['a', 'b'])
      expect(Object.isFrozen(found)).toBe(true)
      expect(runner.records({ tag: 'a' })).toHaveLength(1)
      expect(runner.records({ tag: 'c' })).toHaveLength(0)
      expect(runner.submit(() => 1, { tags: [] }).record()).not.toHaveProperty('tags')
    })
  })
})

describe('retain', () => {
  it.each([
    [{ count: -1 }, /^retain\.count must be zero, a positive integer or Infinity, got -1/],
    [{ for: -1 }, /^retain\.for must be a number of milliseconds/],
    [{ failedCount: 1.5 }, /^retain\.failedCount must be/],
    [{ failedFor: Number.NaN }, /^retain\.failedFor must be/],
    [{ days: 3 }, /"retain.days" must be a known option/],
    [7, /^retain must be an object/],
  ])('is refused as %o', async (retain, message) => {
    await expect(TaskRunner.start({ store: memoryStore(), retain: retain as object })).rejects.toThrow(message)
  })

  it('is refused without a store', async () => {
    await expect(TaskRunner.start({ retain: { count: 5 } })).rejects.toThrow(/^retain is about a store/)
  })
})
