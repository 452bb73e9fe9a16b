import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type SqliteStoreOptions, sqliteStore } from '../../src/sqlite.ts'
import type { StoredTask, TaskStore } from '../../src/store/types.ts'
import { inspect, temporaryFolder } from './files.ts'
import { endedTask, pendingTask } from './tasks.ts'

/** Does what is asked with a store, and returns the ids in the file after its close. */
async function idsAfter(
  path: string,
  options: SqliteStoreOptions,
  use: (store: TaskStore) => Promise<void> = async () => {},
): Promise<unknown[]> {
  const store = sqliteStore(path, options)
  await store.open(0)
  await use(store)
  await store.close()
  return inspect(path, 'SELECT id FROM tasks ORDER BY id').map(({ id }) => id)
}

const file = () => join(temporaryFolder(), 'tasks.db')

function writing(...batches: StoredTask[][]): (store: TaskStore) => Promise<void> {
  return async store => {
    for (const batch of batches) await store.write(batch)
  }
}

describe('the history of a file', () => {
  it('has no end when it was given none', async () => {
    const batch = Array.from({ length: 1_000 }, (_, index) => endedTask(index + 1, index))
    expect(await idsAfter(file(), {}, writing(batch))).toHaveLength(1_000)
  })

  it('loses those that ended first', async () => {
    const ids = await idsAfter(
      file(),
      { history: 3 },
      writing([endedTask(1, 50), endedTask(2, 10), endedTask(3, 40)], [endedTask(4, 20), endedTask(5, 30)]),
    )
    expect(ids).toEqual([1, 3, 5])
  })

  it('loses the lower ids where several ended at once', async () => {
    const batch = [endedTask(1, 10), endedTask(3, 10), endedTask(2, 10)]
    expect(await idsAfter(file(), { history: 1 }, writing(batch))).toEqual([3])
  })

  it('loses those of earlier openings first, when the clock was set back in between', async () => {
    const path = file()
    await idsAfter(path, { history: 2 }, writing([endedTask(1, 500), endedTask(2, 600)]))
    expect(await idsAfter(path, { history: 2 }, writing([endedTask(3, 10)], [endedTask(4, 20)]))).toEqual([3, 4])
    expect(await idsAfter(path, { history: 2 }, writing([endedTask(5, 5)]))).toEqual([4, 5])
  })

  it('loses what ended before the clock was set back before what ended after it', async () => {
    const batches = [[endedTask(1, 5_000)], [endedTask(2, 6_000)], [endedTask(3, 10)], [endedTask(4, 20)]]
    expect(await idsAfter(file(), { history: 2 }, writing(...batches))).toEqual([3, 4])
  })

  it('never counts nor loses what has not ended', async () => {
    const unfinished = [pendingTask(1), pendingTask(2, { status: 'running' }), pendingTask(3, { status: 'stopping' })]
    const batches = [unfinished, [endedTask(4, 10)], [endedTask(5, 20)], [endedTask(6, 30)], [endedTask(7, 40)]]
    expect(await idsAfter(file(), { history: 2 }, writing(...batches))).toEqual([1, 2, 3, 6, 7])
  })

  it('counts a task that ended once, however often it is written', async () => {
    const again = Array.from({ length: 10 }, () => [endedTask(3, 30)])
    const batches = [[endedTask(1, 10), endedTask(2, 20)], ...again]
    expect(await idsAfter(file(), { history: 3 }, writing(...batches))).toEqual([1, 2, 3])
    expect(await idsAfter(file(), { history: 3 }, writing(...batches, [endedTask(4, 40)]))).toEqual([2, 3, 4])
  })

  it('counts a task that goes from pending to ended', async () => {
    const batches = [[pendingTask(1), pendingTask(2)], [endedTask(1, 10)], [endedTask(2, 20)]]
    expect(await idsAfter(file(), { history: 1 }, writing(...batches))).toEqual([2])
  })

  it('counts what the file had before', async () => {
    const path = file()
    await idsAfter(path, { history: 3 }, writing([endedTask(1, 10), endedTask(2, 20), endedTask(3, 30)]))
    expect(await idsAfter(path, { history: 3 }, writing([endedTask(4, 40)]))).toEqual([2, 3, 4])
  })

  it('is cut at the next open when it is shorter then', async () => {
    const path = file()
    await idsAfter(path, {}, writing([endedTask(1, 10), endedTask(2, 20), endedTask(3, 30)]))
    expect(await idsAfter(path, { history: 1 })).toEqual([3])
  })

  it('counts nothing of a batch that failed', async () => {
    const unreadable: StoredTask = {
      ...pendingTask(9),
      get record(): string {
        throw new RangeError('not for you')
      },
    }
    const ids = await idsAfter(file(), { history: 2 }, async store => {
      await store.write([endedTask(1, 10)])
      await expect(store.write([endedTask(2, 20), endedTask(3, 30), unreadable])).rejects.toThrow(Error)
      await store.write([endedTask(4, 40)])
    })
    expect(ids).toEqual([1, 4])
  })

  it('may be nothing at all, and still no id is given out twice', async () => {
    const path = file()
    expect(await idsAfter(path, { history: 0 }, writing([pendingTask(7)], [endedTask(7, 10)]))).toEqual([])
    const store = sqliteStore(path)
    expect(await store.open(0)).toEqual({ lastId: 7, unfinished: [], ended: [] })
    await store.close()
  })
})
