import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { StoreError, TaskRunner, type TaskStore } from '../../src/index.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import { createGate } from '../../src/testing/gate.ts'
import { autojump } from '../harness.ts'
import { temporaryFolder, withDatabase } from '../store/files.ts'
import { delay, failureOf, forever, listening } from '../work.ts'
import { CountingTask } from './counting-task.ts'
import { FragileStore } from './fragile-store.ts'

const told: unknown[] = []
const options = (store: TaskStore, more = {}) => ({
  store,
  tasks: [CountingTask],
  logger: { error: (error: unknown) => told.push(error) },
  ...more,
})

beforeEach(() => {
  told.length = 0
})

describe('a storeWriter that is closed', () => {
  it('never writes again, not into a store that the next runner has opened', async () => {
    const { elapsed } = await autojump(async () => {
      const store = new FragileStore()
      const first = await TaskRunner.start(options(store))
      const handle = first.submit(new CountingTask(1, 100))
      await handle.accepted
      store.failure = new Error('the disk is full')
      await handle
      expect(await first.close()).toMatchObject({ done: 1, unwritten: [1] })
      store.failure = undefined
      const written = store.batches.length

      const second = await TaskRunner.start(options(store, { recover: 'ignore' }))
      await delay(60_000)
      expect(store.batches).toHaveLength(written)
      await second.close()
      expect((await store.open(10)).unfinished).toMatchObject([{ id: 1, status: 'pending' }])
    })
    expect(elapsed).toBeGreaterThanOrEqual(60_000)
  })

  it('says how many were not written, and which', async () => {
    const store = new FragileStore()
    const runner = await TaskRunner.start(options(store, { workers: 100 }))
    const gate = createGate<void>()
    const handles = Array.from({ length: 30 }, () => runner.submit(() => gate))
    await Promise.all(handles.map(({ accepted }) => accepted))
    await runner.flush()
    store.failure = new Error('the disk is full')
    gate.open()
    const report = await runner.close()
    expect(report).toMatchObject({ done: 30, unwritten: handles.map(({ id }) => id) })
    expect(await runner.close()).toEqual(report)
    expect(told.at(-1)).toBeInstanceOf(StoreError)
    expect(told.at(-1)).toMatchObject({
      message: expect.stringMatching(/^the records of 30 tasks \(1, 2, 3, .* 20, …\) could not be kept/),
      cause: { cause: store.failure },
    })
    expect(await failureOf(runner.flush())).toBe(told.at(-1))
  })

  it('says nothing of what the next runner is to run', async () => {
    const store = new FragileStore()
    const runner = await TaskRunner.start(options(store, { autoStart: false }))
    await runner.submit(new CountingTask(1)).accepted
    store.failure = new Error('the disk is full')
    expect(await runner.close({ pending: 'keep', timeout: 0 })).not.toHaveProperty('unwritten')
    expect(told).toEqual([])
  })

  it('leaves a file alone that is full when it closes, and that the next runner opens', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const store = sqliteStore(path, { synchronous: 'normal' })
    await store.open(0)
    await store.close()
    const full = `CREATE TRIGGER full BEFORE UPDATE ON tasks BEGIN SELECT RAISE(ABORT, 'disk is full'); END`
    withDatabase(path, database => database.exec(full))
    const first = await TaskRunner.start(options(store))
    const handle = first.submit(new CountingTask(1))
    expect(await handle).toBe(2)
    expect(await first.close()).toMatchObject({ unwritten: [1] })
    withDatabase(path, database => database.exec('DROP TRIGGER full'))
    const second = await TaskRunner.start(options(store))
    expect(await second.wait(1)).toBe(2)
    expect(await second.close()).not.toHaveProperty('unwritten')
  })
})

describe('a store that does not answer', () => {
  it.each([
    [{ closeTimeout: 150, cleanupTimeout: 30 }, 180],
    [{ closeTimeout: 0, cleanupTimeout: 30 }, 30],
  ])('holds the close up for no longer than its timeouts: %j', async (timeouts, limit) => {
    const { elapsed } = await autojump(async () => {
      const store = new FragileStore()
      const runner = await TaskRunner.start(options(store, timeouts))
      store.gate = forever()
      const handle = runner.submit(() => 1, { durable: false })
      expect(await handle).toBe(1)
      expect(await runner.close()).toMatchObject({ done: 1, unwritten: [1] })
      expect(told).toMatchObject([{ cause: { message: expect.stringMatching(/did not answer in time/) } }])
    })
    expect(elapsed).toBe(limit)
  })

  it('nor where a task can not be stopped either', async () => {
    const { elapsed } = await autojump(async () => {
      const store = new FragileStore()
      const runner = await TaskRunner.start(options(store, { closeTimeout: 150, cleanupTimeout: 30 }))
      store.gate = forever()
      runner.submit(task => listening(task, forever), { durable: false })
      expect(await runner.close()).toMatchObject({ abandoned: [{ id: 1 }], unwritten: [1] })
    })
    expect(elapsed).toBe(180)
  })

  it('holds the close up until a later call makes it sooner', async () => {
    const { elapsed } = await autojump(async () => {
      const store = new FragileStore()
      const runner = await TaskRunner.start(options(store, { closeTimeout: Number.POSITIVE_INFINITY }))
      store.gate = forever()
      await runner.submit(() => 1, { durable: false })
      const closing = runner.close()
      await delay(5_000)
      runner.shutdown()
      expect(await closing).toMatchObject({ unwritten: [1] })
    })
    expect(elapsed).toBe(6_000)
  })

  it('when it is closed does not hold the close up either', async () => {
    const { elapsed } = await autojump(async () => {
      const store = new FragileStore()
      store.close = forever
      const runner = await TaskRunner.start(options(store, { closeTimeout: 100, cleanupTimeout: 30 }))
      await runner.submit(() => 1)
      expect(await runner.close()).not.toHaveProperty('unwritten')
    })
    expect(elapsed).toBe(130)
  })

  it("is closed when it answers after all, and is another runner's only from then on", async () => {
    await autojump(async () => {
      const store = new FragileStore()
      const first = await TaskRunner.start(options(store, { closeTimeout: 100 }))
      const gate = createGate<void>()
      store.gate = gate
      await first.submit(() => 1, { durable: false })
      await first.close()
      await expect(TaskRunner.start(options(store))).rejects.toThrow(/open already/)
      const closed = createGate<void>()
      const close = store.close.bind(store)
      store.close = () => close().then(closed.open)
      gate.open()
      await closed
      const second = await TaskRunner.start(options(store))
      await second.close()
    })
  })

  it('leaves no flush waiting', async () => {
    await autojump(async () => {
      const store = new FragileStore()
      const runner = await TaskRunner.start(options(store, { closeTimeout: 100 }))
      store.gate = forever()
      await runner.submit(() => 1, { durable: false })
      const flushed = failureOf(runner.flush())
      await runner.close()
      expect(await flushed).toBeInstanceOf(StoreError)
    })
  })
})

describe('a store that answers', () => {
  it('is waited for, however long it takes for all of it', async () => {
    const { elapsed } = await autojump(async () => {
      const store = new FragileStore()
      const runner = await TaskRunner.start(options(store, { queueSize: 3_000, autoStart: false }))
      const write = store.write.bind(store)
      store.write = async tasks => {
        await delay(900)
        await write(tasks)
      }
      for (let n = 0; n < 3_000; n++) runner.submit(() => 1, { durable: false })
      expect(await runner.shutdown()).not.toHaveProperty('unwritten')
      expect((await store.open(3_000)).ended).toHaveLength(3_000)
    })
    expect(elapsed).toBeGreaterThanOrEqual(6 * 900)
  })
})
