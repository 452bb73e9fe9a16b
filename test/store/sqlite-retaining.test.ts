import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sqliteStore } from '../../src/sqlite.ts'
import type { Retention, StoredTask, TaskStore } from '../../src/store/types.ts'
import { inspect, temporaryFolder } from './files.ts'
import { endedTask, pendingTask } from './tasks.ts'

/** Does what is asked with a store, and returns the ids in the file after its close. */
async function idsAfter(
  path: string,
  retention: Retention | undefined,
  use: (store: TaskStore) => Promise<void> = async () => {},
): Promise<unknown[]> {
  const store = sqliteStore(path)
  await store.open(0, retention)
  await use(store)
  await store.close()
  return inspect(path, 'SELECT id FROM tasks ORDER BY id').map(({ id }) => id)
}

const keeping = (count: number, more: Partial<Retention> = {}): Retention => ({
  count,
  for: Number.POSITIVE_INFINITY,
  ...more,
})

const file = () => join(temporaryFolder(), 'tasks.db')

function writing(...batches: StoredTask[][]): (store: TaskStore) => Promise<void> {
  return async store => {
    for (const batch of batches) await store.write(batch)
  }
}

describe('what a file keeps of what has ended', () => {
  it('has no end when it was given none', async () => {
    const batch = Array.from({ length: 1_000 }, (_, index) => endedTask(index + 1, index))
    expect(await idsAfter(file(), undefined, writing(batch))).toHaveLength(1_000)
  })

  it('loses those that ended first', async () => {
    const ids = await idsAfter(
      file(),
      keeping(3),
      writing([endedTask(1, 50), endedTask(2, 10), endedTask(3, 40)], [endedTask(4, 20), endedTask(5, 30)]),
    )
    expect(ids).toEqual([1, 3, 5])
  })

  it('loses the lower ids where several ended at once', async () => {
    const batch = [endedTask(1, 10), endedTask(3, 10), endedTask(2, 10)]
    expect(await idsAfter(file(), keeping(1), writing(batch))).toEqual([3])
  })

  it('loses those of earlier openings first, when the clock was set back in between', async () => {
    const path = file()
    await idsAfter(path, keeping(2), writing([endedTask(1, 500), endedTask(2, 600)]))
    expect(await idsAfter(path, keeping(2), writing([endedTask(3, 10)], [endedTask(4, 20)]))).toEqual([3, 4])
    expect(await idsAfter(path, keeping(2), writing([endedTask(5, 5)]))).toEqual([4, 5])
  })

  it('loses what ended before the clock was set back before what ended after it', async () => {
    const batches = [[endedTask(1, 5_000)], [endedTask(2, 6_000)], [endedTask(3, 10)], [endedTask(4, 20)]]
    expect(await idsAfter(file(), keeping(2), writing(...batches))).toEqual([3, 4])
  })

  it('never counts nor loses what has not ended', async () => {
    const unfinished = [pendingTask(1), pendingTask(2, { status: 'running' }), pendingTask(3, { status: 'stopping' })]
    const batches = [unfinished, [endedTask(4, 10)], [endedTask(5, 20)], [endedTask(6, 30)], [endedTask(7, 40)]]
    expect(await idsAfter(file(), keeping(2), writing(...batches))).toEqual([1, 2, 3, 6, 7])
  })

  it('counts a task that ended once, however often it is written', async () => {
    const again = Array.from({ length: 10 }, () => [endedTask(3, 30)])
    const batches = [[endedTask(1, 10), endedTask(2, 20)], ...again]
    expect(await idsAfter(file(), keeping(3), writing(...batches))).toEqual([1, 2, 3])
    expect(await idsAfter(file(), keeping(3), writing(...batches, [endedTask(4, 40)]))).toEqual([2, 3, 4])
  })

  it('counts a task that goes from pending to ended', async () => {
    const batches = [[pendingTask(1), pendingTask(2)], [endedTask(1, 10)], [endedTask(2, 20)]]
    expect(await idsAfter(file(), keeping(1), writing(...batches))).toEqual([2])
  })

  it('counts what the file had before', async () => {
    const path = file()
    await idsAfter(path, keeping(3), writing([endedTask(1, 10), endedTask(2, 20), endedTask(3, 30)]))
    expect(await idsAfter(path, keeping(3), writing([endedTask(4, 40)]))).toEqual([2, 3, 4])
  })

  it('is cut at the next open when it is shorter then', async () => {
    const path = file()
    await idsAfter(path, undefined, writing([endedTask(1, 10), endedTask(2, 20), endedTask(3, 30)]))
    expect(await idsAfter(path, keeping(1))).toEqual([3])
  })

  it('counts nothing of a batch that failed', async () => {
    const unreadable: StoredTask = {
      ...pendingTask(9),
      get record(): string {
        throw new RangeError('not for you')
      },
    }
    const ids = await idsAfter(file(), keeping(2), async store => {
      await store.write([endedTask(1, 10)])
      await expect(store.write([endedTask(2, 20), endedTask(3, 30), unreadable])).rejects.toThrow(Error)
      await store.write([endedTask(4, 40)])
    })
    expect(ids).toEqual([1, 4])
  })

  it('may be nothing at all, and still no id is given out twice', async () => {
    const path = file()
    expect(await idsAfter(path, keeping(0), writing([pendingTask(7)], [endedTask(7, 10)]))).toEqual([])
    const store = sqliteStore(path)
    expect(await store.open(0)).toEqual({ lastId: 7, unfinished: [], ended: [] })
    await store.close()
  })

  it('is counted apart for what has failed, where that is asked for', async () => {
    const failed = (id: number, endedAt: number) => endedTask(id, endedAt, { status: 'failed' })
    const retention = keeping(2, { failed: { count: 3, for: Number.POSITIVE_INFINITY } })
    const path = file()
    const batches = [[failed(1, 10), failed(2, 20), endedTask(3, 30), failed(4, 40), endedTask(5, 50)]]
    expect(await idsAfter(path, retention, writing(...batches, [endedTask(6, 60)]))).toEqual([1, 2, 4, 5, 6])
    expect(await idsAfter(path, retention, writing([failed(7, 70)], [endedTask(8, 80)]))).toEqual([2, 4, 6, 7, 8])
    expect(await idsAfter(path, keeping(3))).toEqual([6, 7, 8])
  })

  it('is counted right when a failed task is written again as one that is done', async () => {
    const retention = keeping(1, { failed: { count: 1, for: Number.POSITIVE_INFINITY } })
    const batches = [[endedTask(1, 10, { status: 'failed' })], [endedTask(1, 15)], [endedTask(2, 20)]]
    expect(await idsAfter(file(), retention, writing(...batches))).toEqual([2])
  })

  it('goes when it is too old, in every session, and failed ones when they are', async () => {
    const path = file()
    const day = 24 * 3_600_000
    const today = Date.now()
    const failed = (id: number, endedAt: number) => endedTask(id, endedAt, { status: 'failed' })
    // The clock was a year ahead in the first session.
    await idsAfter(path, undefined, writing([endedTask(1, today + 365 * day), failed(2, today - 3 * day)]))
    await idsAfter(path, undefined, writing([endedTask(3, today - 3 * day), endedTask(4, today - day / 2)]))
    await idsAfter(path, undefined, writing([failed(5, today - 9 * day), pendingTask(6)]))
    const retention = keeping(100, { for: day, failed: { count: 100, for: 7 * day } })
    expect(await idsAfter(path, retention)).toEqual([1, 2, 4, 6])
    expect(await idsAfter(path, keeping(100, { for: day }))).toEqual([1, 4, 6])
  })

  it('goes in pieces when it is much, with turns of the event loop in between', async () => {
    const path = file()
    const batch = Array.from({ length: 25_000 }, (_, index) => endedTask(index + 1, index))
    await idsAfter(path, undefined, writing(batch))
    let turns = 0
    let next = setImmediate(count)
    function count() {
      turns += 1
      next = setImmediate(count)
    }
    expect(await idsAfter(path, keeping(100))).toHaveLength(100)
    clearImmediate(next)
    expect(turns).toBeGreaterThanOrEqual(2)
  })

  it('leaves a file no larger than it needs, once it is opened', async () => {
    const path = file()
    const record = JSON.stringify('x'.repeat(3_000))
    const batch = Array.from({ length: 10_000 }, (_, index) => endedTask(index + 1, index, { record }))
    await idsAfter(path, undefined, writing(batch))
    const before = statSync(path).size
    expect(await idsAfter(path, keeping(1_000), writing([pendingTask(20_000)]))).toHaveLength(1_001)
    expect(statSync(path).size).toBeLessThan(before / 5)
    expect(await idsAfter(path, keeping(1_000))).toHaveLength(1_001)
  })
})
