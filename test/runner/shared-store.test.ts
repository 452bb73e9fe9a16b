import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { StoreError, TaskRunner, type TaskStore } from '../../src/index.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import { memoryStore } from '../../src/store/memory-store.ts'
import { temporaryFolder } from '../store/files.ts'
import { failureOf } from '../work.ts'
import { FragileStore } from './fragile-store.ts'

/** Counts how often it is closed. */
class CountedStore extends FragileStore {
  closes = 0

  override async close() {
    this.closes += 1
    await super.close()
  }
}

describe.each<[string, () => TaskStore]>([
  ['sqliteStore', () => sqliteStore(join(temporaryFolder(), 'tasks.db'))],
  ['memoryStore', memoryStore],
])('a second runner with the same %s', (_, make) => {
  it('is refused, and the first goes on, keeps everything and closes the store', async () => {
    const options = { store: make(), logger: false } as const
    const first = await TaskRunner.start(options)
    await first.submit(() => 'before')
    const refused = await failureOf(TaskRunner.start(options))
    expect(refused).toBeInstanceOf(StoreError)
    expect(refused).toMatchObject({ message: expect.stringMatching(/open already: close the runner/) })
    await first.submit(() => 'after').accepted
    await first.drain()
    await first.flush()
    await first.close()
    const third = await TaskRunner.start(options)
    expect(await Promise.all([third.wait(1), third.wait(2)])).toEqual(['before', 'after'])
    await third.close()
  })
})

describe('a start that fails', () => {
  const options = (store: TaskStore, more = {}) => ({ store, logger: false as const, ...more })

  it('leaves a store alone that it could not open', async () => {
    const store = new CountedStore()
    store.open = () => Promise.reject(new Error('not today'))
    await expect(TaskRunner.start(options(store))).rejects.toThrow(StoreError)
    expect(store.closes).toBe(0)
  })

  it('opens nothing with a wrong option, nor with a signal that has been aborted', async () => {
    const store = new CountedStore()
    await expect(TaskRunner.start(options(store, { workers: 0 }))).rejects.toThrow(RangeError)
    await expect(TaskRunner.start(options(store, { signal: AbortSignal.abort('over') }))).rejects.toBe('over')
    await (await TaskRunner.start(options(store))).close()
    expect(store.closes).toBe(1)
  })

  it('closes the store that it has opened when the signal is aborted meanwhile, and runs nothing', async () => {
    const store = new CountedStore()
    const stopping = new AbortController()
    const open = store.open.bind(store)
    store.open = async history => {
      stopping.abort('over')
      return open(history)
    }
    await expect(TaskRunner.start(options(store, { signal: stopping.signal }))).rejects.toBe('over')
    expect(store.closes).toBe(1)
  })

  it.each([
    ['rejects', () => Promise.reject(new Error('not even that'))],
    [
      'throws',
      () => {
        throw new Error('not even that')
      },
    ],
  ])('says why it failed when the close of the store %s as well', async (_, close) => {
    const stopping = new AbortController()
    const store: TaskStore = {
      open: async () => {
        stopping.abort('over')
        return { lastId: 0, unfinished: [], ended: [] }
      },
      write: async () => {},
      close,
    }
    await expect(TaskRunner.start(options(store, { signal: stopping.signal }))).rejects.toBe('over')
    const misshapen: TaskStore = { ...store, open: async () => ({ lastId: 0, unfinished: 5 as never, ended: [] }) }
    const error = await failureOf(TaskRunner.start(options(misshapen)))
    expect(error).toBeInstanceOf(StoreError)
    expect(error).toMatchObject({ message: expect.stringMatching(/can't be read/) })
  })

  it.each([Symbol('no'), Object.create(null), undefined])('says so whatever the store throws: %o', async thrown => {
    const store: TaskStore = {
      ...memoryStore(),
      open: () => Promise.reject(thrown),
      write: async () => {},
      close: async () => {},
    }
    expect(await failureOf(TaskRunner.start(options(store)))).toMatchObject({ code: 'ERR_STORE', cause: thrown })
  })
})
