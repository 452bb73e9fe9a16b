import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  DuplicateKeyError,
  QueueFullError,
  type TaskHandle,
  TaskRunner,
  type TaskRunnerOptions,
} from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory-store.ts'
import type { TaskStore } from '../../src/store/types.ts'
import { autojump, settle } from '../harness.ts'
import { delay, failureOf, forever, untilAborted } from '../work.ts'
import { CountingTask } from './counting-task.ts'
import { within } from './within.ts'

function start(store: TaskStore, options: TaskRunnerOptions = {}): Promise<TaskRunner> {
  return TaskRunner.start({ store, tasks: [CountingTask], logger: false, ...options })
}

/** The store as it was when the process died: its runner is left hanging. */
async function left(store: TaskStore, runner: TaskRunner): Promise<TaskStore> {
  await runner.flush()
  await store.close()
  return store
}

beforeEach(() => {
  CountingTask.runs = []
})

describe('a key in a runner', () => {
  it('joins, refuses and replaces, and is in the records', async () => {
    await within({ workers: 2 }, async runner => {
      const first = runner.submit(({ signal }) => untilAborted(signal, 5), { key: 'a' })
      await settle()
      const second = runner.submit(() => 0, { key: 'a' })
      expect(second.id).toBe(first.id)
      expect(runner.stats().submitted).toBe(1)
      expect(() => runner.submit(() => 0, { key: 'a', onDuplicate: 'reject' })).toThrow(DuplicateKeyError)
      const third = runner.submit(() => 'third', { key: 'a', onDuplicate: 'replace' })
      expect(await third).toBe('third')
      expect(runner.records().map(({ id, key, status }) => [id, key, status])).toEqual([
        [2, 'a', 'done'],
        [1, 'a', 'cancelled'],
      ])
      expect(await failureOf(second)).toMatchObject({ cause: { id: 2 } })
    })
  })

  it('needs no place in the queue to join, nor to replace what has one', async () => {
    for (const submitPolicy of ['reject', 'wait', 'dropOldest'] as const) {
      await within({ workers: 1, queueSize: 2, submitPolicy }, async runner => {
        runner.submit(() => delay(10))
        await settle()
        const other = runner.submit(() => 'other')
        const first = runner.submit(() => 'first', { key: 'a' })
        expect(runner.submit(() => 'joins', { key: 'a' }).id).toBe(first.id)
        const second = runner.submit(() => 'second', { key: 'a', onDuplicate: 'replace' })
        expect([other.status, first.status]).toEqual(['pending', 'cancelled'])
        expect(runner.stats().queueSize).toBe(2)
        if (submitPolicy === 'reject') expect(() => runner.submit(() => 0, { key: 'b' })).toThrow(QueueFullError)
        expect(await second).toBe('second')
      })
    }
  })

  it('is of one that waits for a place or for the store as well', async () => {
    await autojump(async () => {
      const store = memoryStore()
      const runner = await start(store, { workers: 1, queueSize: 0, submitPolicy: 'wait' })
      const running = runner.submit(() => delay(10))
      await settle()
      const first = runner.submit(() => 'first', { key: 'a' })
      const second = runner.submit(() => 'second', { key: 'a' })
      let accepted = false
      second.accepted.then(() => {
        accepted = true
      })
      const third = runner.submit(() => 'third', { key: 'a' })
      await third.cancel('no more')
      expect(await failureOf(third.accepted)).toMatchObject({ cause: 'no more' })
      expect(accepted).toBe(false)
      await running
      expect(await second).toBe('first')
      expect(accepted).toBe(true)
      expect(first.id).toBe(second.id)
      await runner.close()
    })
  })
})

describe('a key over the end of the process', () => {
  it('counts as long as it was to, done or failed, with what the record has', async () => {
    await autojump(async () => {
      const store = memoryStore()
      const first = await start(store)
      expect(await first.submit(new CountingTask(21), { key: 'a', keepKeyFor: 1_000 })).toBe(42)
      const error = new RangeError('no')
      const fails = () => {
        throw error
      }
      await failureOf(first.submit(fails, { key: 'b', keepKeyFor: 1_000 }))
      await failureOf(first.submit(forever, { key: 'c', keepKeyFor: 1_000, deadline: 1 }))
      await first.submit(() => 1, { key: 'd' })
      await left(store, first)
      await delay(500)
      // Though the history holds nothing.
      const second = await start(store, { history: 0 })
      const again = second.submit(new CountingTask(1), { key: 'a' })
      expect([again.id, again.name, again.status, again.done()]).toEqual([1, 'CountingTask', 'done', true])
      expect(await again).toBe(42)
      expect(again.result()).toBe(42)
      expect(await again.wait()).toBe(42)
      expect(await again.cancel()).toBe(false)
      await again.accepted
      expect(again.record()).toMatchObject({ id: 1, key: 'a', status: 'done', result: 42 })
      const failure = await failureOf(second.submit(() => 1, { key: 'b' }))
      expect(failure).toBeInstanceOf(RangeError)
      expect(() => second.submit(() => 1, { key: 'b', onDuplicate: 'reject' })).toThrow(DuplicateKeyError)
      expect(await second.submit(() => 'c', { key: 'c' })).toBe('c')
      expect(await second.submit(() => 'd', { key: 'd' })).toBe('d')
      await delay(500)
      expect(await second.submit(() => 'new', { key: 'a' })).toBe('new')
      await second.close()
    })
  })

  it('counts no longer because the clock was set back', async () => {
    await autojump(async () => {
      const store = memoryStore()
      const first = await start(store)
      await first.submit(() => 'first', { key: 'a', keepKeyFor: 1_000 })
      await left(store, first)
      vi.setSystemTime(Date.now() - 3_600_000)
      const second = await start(store)
      expect(await second.submit(() => 'second', { key: 'a' })).toBe('first')
      await delay(1_000)
      expect(await second.submit(() => 'second', { key: 'a' })).toBe('second')
      await second.close()
    })
  })

  it('is that of the task which is run again, which no handle cancels', async () => {
    await autojump(async () => {
      const store = memoryStore()
      const first = await start(store, { autoStart: false })
      first.submit(new CountingTask(1, 50), { key: 'a', keepKeyFor: 1_000 })
      await left(store, first)
      const second = await start(store)
      await settle()
      const joined = second.submit(new CountingTask(2), { key: 'a' })
      expect(joined.id).toBe(1)
      await joined.cancel('not me')
      const other: TaskHandle<number> = second.submit(new CountingTask(3), { key: 'a' })
      expect(await other).toBe(2)
      expect(CountingTask.runs).toEqual([1])
      expect(second.getRecord(1)).toMatchObject({ status: 'done', key: 'a' })
      expect(await second.submit(new CountingTask(4), { key: 'a' })).toBe(2)
      await second.close()
    })
  })

  it('is that of the latest, where one was to take the place of another', async () => {
    await autojump(async () => {
      const store = memoryStore()
      const first = await start(store)
      first.submit(new CountingTask(1, 50), { key: 'a' })
      await settle()
      const second = first.submit(new CountingTask(2), { key: 'a', onDuplicate: 'replace' })
      expect(second.status).toBe('pending')
      await left(store, first)
      CountingTask.runs = []
      const runner = await start(store)
      expect(await runner.wait(2)).toBe(4)
      expect(runner.getRecord(1)?.status).toBe('cancelled')
      expect(CountingTask.runs).toEqual([2])
      await runner.close()
    })
  })

  it('is held by a task that is run again by its id, unless another one has it', async () => {
    await within({ tasks: [CountingTask] }, async runner => {
      const options = { key: 'a', keepKeyFor: 1_000 }
      expect(await runner.submit(new CountingTask(5), options)).toBe(10)
      const again = runner.rerun(1)
      expect(again.id).toBe(2)
      expect(runner.submit(new CountingTask(6), options).id).toBe(2)
      expect(() => runner.rerun(1)).toThrow(DuplicateKeyError)
      expect(await again).toBe(10)
      expect(CountingTask.runs).toEqual([5, 5])
    })
  })
})
