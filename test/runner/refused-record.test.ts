import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { SerializationError, type StoredTask, StoreError, TaskRunner, type TaskStore } from '../../src/index.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import { createGate } from '../../src/testing/gate.ts'
import { temporaryFolder, withDatabase } from '../store/files.ts'
import { failureOf } from '../work.ts'
import { CountingTask } from './counting-task.ts'
import { FragileStore } from './fragile-store.ts'

/** Refuses each write that has a record in it of which `refuses` says so. */
class ChoosyStore extends FragileStore {
  refuses: (task: StoredTask) => boolean = () => false

  override async write(tasks: readonly StoredTask[]): Promise<void> {
    this.failure = tasks.some(task => this.refuses(task)) ? new RangeError('not that one') : undefined
    await super.write(tasks)
  }
}

const told: unknown[] = []
const options = (store: TaskStore) => ({
  store,
  tasks: [CountingTask],
  workers: 1_000,
  queueSize: 1_000,
  logger: { error: (error: unknown) => told.push(error) },
})

/** Ends all of them in one turn, so that their records go in one batch. */
async function endTogether(runner: TaskRunner, results: readonly unknown[]): Promise<void> {
  const gate = createGate<void>()
  const handles = results.map(result => runner.submit(() => gate.then(() => result)))
  await Promise.all(handles.map(({ accepted }) => accepted))
  await runner.flush()
  gate.open()
  await Promise.all(handles)
}

beforeEach(() => {
  told.length = 0
})

describe('a record that SQLite refuses', () => {
  /** A limit of a thousandth of a gigabyte, at which its own is. */
  async function storeWithLimit(): Promise<TaskStore> {
    const path = join(temporaryFolder(), 'tasks.db')
    const store = sqliteStore(path, { synchronous: 'normal' })
    await store.open(0)
    await store.close()
    for (const event of ['INSERT', 'UPDATE']) {
      const trigger = `CREATE TRIGGER limit_${event} BEFORE ${event} ON tasks WHEN length(new.record) > 1000000
        BEGIN SELECT RAISE(ABORT, 'string or blob too big'); END`
      withDatabase(path, database => database.exec(trigger))
    }
    return store
  }

  it('is kept without its result, which wait says after a restart, and the rest is kept whole', async () => {
    const store = await storeWithLimit()
    const first = await TaskRunner.start(options(store))
    const results = Array.from({ length: 20 }, (_, n) => (n === 7 ? 'x'.repeat(2_000_000) : n))
    await endTogether(first, results)
    await first.flush()
    expect(told).toMatchObject([
      { code: 'ERR_STORE', message: expect.stringMatching(/^the record of task 8 is kept cut.*too big/) },
    ])
    expect(await first.submit(new CountingTask(1))).toBe(2)
    expect(await first.close()).not.toHaveProperty('unwritten')

    const second = await TaskRunner.start(options(store))
    const ids = results.map((_, n) => n + 1).filter(id => id !== 8)
    expect(await Promise.all(ids.map(id => second.wait(id)))).toEqual(ids.map(id => id - 1))
    const error = await failureOf(second.wait(8))
    expect(error).toBeInstanceOf(SerializationError)
    expect(error).toMatchObject({ message: expect.stringMatching(/^task 8 is done, but its result .*too big/) })
    const record = second.getRecord(8)
    expect(record).toMatchObject({ status: 'done', resultLeftOut: expect.stringMatching(/too big/) })
    expect(record).not.toHaveProperty('result')
    await second.close()
  })
})

describe('a record that a store refuses whole', () => {
  it('is found among many without asking for each, and told once', async () => {
    const store = new ChoosyStore()
    const runner = await TaskRunner.start(options(store))
    store.refuses = ({ record }) => record.includes('"poison"')
    const before = store.batches.length
    await endTogether(
      runner,
      Array.from({ length: 400 }, (_, n) => (n === 123 ? 'poison' : n)),
    )
    await runner.flush()
    expect(store.batches.length - before).toBeLessThan(40)
    expect(told).toHaveLength(1)
    await runner.close()
    const { unfinished, ended } = await store.open(1_000)
    expect(unfinished).toEqual([])
    expect(ended.filter(({ record }) => JSON.parse(record).resultLeftOut !== undefined)).toMatchObject([{ id: 124 }])
  })

  it('is the last of them, or all of them are', async () => {
    for (const poisonous of [[2], [0], [1, 2], [0, 1, 2]]) {
      const store = new ChoosyStore()
      store.refuses = ({ record }) => record.includes('"poison"')
      const runner = await TaskRunner.start(options(store))
      await endTogether(
        runner,
        [0, 1, 2].map(n => (poisonous.includes(n) ? 'poison' : n)),
      )
      expect(await runner.close()).not.toHaveProperty('unwritten')
      const { ended } = await store.open(1_000)
      expect(ended.map(({ record }) => 'resultLeftOut' in JSON.parse(record))).toEqual(
        [0, 1, 2].map(n => poisonous.includes(n)),
      )
    }
  })
})

describe('a record that a store refuses even cut', () => {
  it('is given up, and the rest goes on', async () => {
    const store = new ChoosyStore()
    const runner = await TaskRunner.start(options(store))
    const gate = createGate<void>()
    const stuck = runner.submit(() => gate)
    await stuck.accepted
    await runner.flush()
    store.refuses = ({ id }) => id === stuck.id
    gate.open()
    await stuck
    const others = Array.from({ length: 5 }, (_, n) => runner.submit(new CountingTask(n)))
    expect(await Promise.all(others)).toEqual([0, 2, 4, 6, 8])
    expect(await Promise.all(others.map(({ accepted }) => accepted))).toHaveLength(5)
    await runner.flush()
    expect(told.at(-1)).toMatchObject({ message: expect.stringMatching(/^the record of task 1 could not be kept/) })
    await runner.close()
    const { unfinished, ended } = await store.open(10)
    expect(unfinished).toMatchObject([{ id: stuck.id }])
    expect(ended).toHaveLength(5)
  })

  it('refuses that newcomer alone', async () => {
    const store = new ChoosyStore()
    store.refuses = ({ id }) => id === 3
    const runner = await TaskRunner.start(options(store))
    const handles = Array.from({ length: 6 }, (_, n) => runner.submit(new CountingTask(n)))
    const settled = await Promise.allSettled(handles)
    expect(settled.map(({ status }) => status)).toEqual(handles.map(({ id }) => (id === 3 ? 'rejected' : 'fulfilled')))
    const refused = await failureOf(handles[2]?.accepted as Promise<void>)
    expect(refused).toBeInstanceOf(StoreError)
    expect(refused).toMatchObject({ cause: { message: 'not that one' } })
    await runner.close()
  })
})

describe('a store that begins to fail while the refused is looked for', () => {
  it('loses nothing', async () => {
    for (let writes = 1; writes < 12; writes++) {
      const store = new ChoosyStore()
      const runner = await TaskRunner.start(options(store))
      let left = Number.POSITIVE_INFINITY
      store.refuses = ({ record }) => record.includes('"poison"') || --left < 0
      const results = Array.from({ length: 8 }, (_, n) => (n === 3 ? 'poison' : n))
      const gate = createGate<void>()
      const handles = results.map(result => runner.submit(() => gate.then(() => result)))
      await Promise.all(handles.map(({ accepted }) => accepted))
      await runner.flush()
      left = writes * 3
      gate.open()
      await Promise.all(handles)
      await runner.flush().catch(() => {})
      left = Number.POSITIVE_INFINITY
      await runner.flush()
      await runner.close()
      const { unfinished, ended } = await store.open(10)
      expect(unfinished).toEqual([])
      expect(ended.map(({ record }) => 'resultLeftOut' in JSON.parse(record))).toEqual(results.map((_, n) => n === 3))
    }
  })
})
