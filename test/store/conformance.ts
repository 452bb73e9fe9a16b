import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import type { StoredTask, TaskStore } from '../../src/store/types.ts'
import { endedTask, idsOf, pendingTask } from './tasks.ts'

/** A store that nobody has opened yet. */
export interface StoreUnderTest {
  readonly store: TaskStore
  /** Closes it and makes one of what it kept, which nobody has opened yet. */
  reopen(): Promise<TaskStore>
  dispose(): Promise<void>
}

const EVERYTHING = Number.POSITIVE_INFINITY

/** What holds for every store. */
export function describeStore(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name}, like every store,`, () => {
    let underTest: StoreUnderTest
    let store: TaskStore

    beforeEach(async () => {
      underTest = await make()
      store = underTest.store
    })

    afterEach(async () => {
      await store.close()
      await underTest.dispose()
    })

    const reopened = async (history = EVERYTHING) => {
      store = await underTest.reopen()
      return store.open(history)
    }

    it('finds those whose keys count after a time, also once it was opened anew', async () => {
      await store.open(EVERYTHING)
      const keyed = [endedTask(1, 10, { keyUntil: 100 }), endedTask(2, 20, { keyUntil: 101 }), endedTask(3, 30)]
      await store.write([...keyed, endedTask(4, 40, { status: 'failed', keyUntil: 500 }), pendingTask(5)])
      if (store.find === undefined) return
      expect(idsOf([...store.find({ keyAfter: 100 })])).toEqual([4, 2])
      await reopened(0)
      const found = [...(store.find?.({ keyAfter: 100 }) ?? [])]
      expect(found[1]).toStrictEqual(keyed[1])
      expect(idsOf([...(store.find?.({ keyAfter: 100, status: ['failed'] }) ?? [])])).toEqual([4])
    })

    describe('open', () => {
      it('finds nothing in a new store', async () => {
        expect(await store.open(EVERYTHING)).toEqual({ lastId: 0, unfinished: [], ended: [] })
      })

      it('finds what was written before the close', async () => {
        await store.open(EVERYTHING)
        const [pending, ended] = [pendingTask(1), endedTask(2, 20)]
        await store.write([pending, ended])
        expect(await reopened()).toStrictEqual({ lastId: 2, unfinished: [pending], ended: [ended] })
      })

      it('finds no type and no job where there was none', async () => {
        await store.open(EVERYTHING)
        const { type: _, job: __, ...bare } = pendingTask(1)
        await store.write([bare])
        expect((await reopened()).unfinished).toStrictEqual([bare])
      })

      it('finds the unfinished in the order of their ids', async () => {
        await store.open(EVERYTHING)
        await store.write([pendingTask(3), pendingTask(10)])
        await store.write([pendingTask(2, { status: 'running' }), pendingTask(1, { status: 'stopping' })])
        expect(idsOf((await reopened()).unfinished)).toEqual([1, 2, 3, 10])
      })

      it('finds the ended in the order in which they ended, by their ids where that was at once', async () => {
        await store.open(EVERYTHING)
        await store.write([endedTask(4, 20), endedTask(1, 30), endedTask(3, 10), endedTask(2, 20)])
        expect(idsOf((await reopened()).ended)).toEqual([3, 2, 4, 1])
      })

      it('finds what ended in an earlier opening before what ended in a later one, wherever the clock was set', async () => {
        await store.open(EVERYTHING)
        await store.write([endedTask(2, 500), endedTask(1, 600)])
        await reopened()
        await store.write([endedTask(4, 20), endedTask(3, 30)])
        expect(idsOf((await reopened()).ended)).toEqual([2, 1, 4, 3])
        await store.write([endedTask(5, 10)])
        expect(idsOf((await reopened(2)).ended)).toEqual([3, 5])
      })

      it('finds what ended after a clock was set back as what ended later', async () => {
        await store.open(EVERYTHING)
        const [hour, minute] = [3_600_000, 60_000]
        await store.write([endedTask(2, hour), endedTask(1, hour + 20)])
        await store.write([endedTask(3, hour + 10), endedTask(9, hour + 30)])
        await store.write([endedTask(4, 10)])
        await store.write([endedTask(6, 2 * minute), endedTask(5, minute), pendingTask(7)])
        expect(idsOf((await reopened()).ended)).toEqual([2, 3, 1, 9, 4, 5, 6])
        expect(idsOf((await reopened(2)).ended)).toEqual([5, 6])
      })

      it.each([
        [0, []],
        [1, [1]],
        [2, [3, 1]],
        [3, [2, 3, 1]],
        [4, [2, 3, 1]],
      ])('finds no more than the last %i that ended when that is the history', async (history, found) => {
        await store.open(EVERYTHING)
        await store.write([endedTask(1, 30), endedTask(2, 10), endedTask(3, 20), pendingTask(4), pendingTask(5)])
        const contents = await reopened(history)
        expect(idsOf(contents.ended)).toEqual(found)
        expect(idsOf(contents.unfinished)).toEqual([4, 5])
      })

      it('knows the highest id, whatever became of the task', async () => {
        await store.open(EVERYTHING)
        await store.write([pendingTask(7)])
        expect((await reopened()).lastId).toBe(7)
        await store.write([endedTask(7, 10), pendingTask(2)])
        expect((await reopened(0)).lastId).toBe(7)
      })

      it('is refused while the store is open', async () => {
        await store.open(EVERYTHING)
        await expect(store.open(EVERYTHING)).rejects.toThrow(StoreError)
        await expect(store.open(EVERYTHING)).rejects.toThrow(/open already/)
      })

      it('is refused while the store is opening', async () => {
        const [first, second] = await Promise.allSettled([store.open(EVERYTHING), store.open(EVERYTHING)])
        expect([first.status, second.status]).toEqual(['fulfilled', 'rejected'])
      })

      it('leaves the store usable when it is refused', async () => {
        await store.open(EVERYTHING)
        await expect(store.open(EVERYTHING)).rejects.toThrow(StoreError)
        await store.write([pendingTask(1)])
        expect(idsOf((await reopened()).unfinished)).toEqual([1])
      })
    })

    describe('write', () => {
      it('puts a task in place of what was kept under its id', async () => {
        await store.open(EVERYTHING)
        await store.write([pendingTask(1), pendingTask(2)])
        const { type: _, ...changed } = pendingTask(1, { name: 'other', status: 'running', updatedAt: 5, record: '[]' })
        await store.write([{ ...changed, createdAt: 4, job: '{"other":true}' }])
        const { unfinished } = await reopened()
        expect(unfinished).toStrictEqual([{ ...changed, createdAt: 4, job: '{"other":true}' }, pendingTask(2)])
      })

      it('moves a task from the unfinished to the ended', async () => {
        await store.open(EVERYTHING)
        await store.write([pendingTask(1), pendingTask(2)])
        await store.write([endedTask(1, 10, { status: 'failed' })])
        const { unfinished, ended } = await reopened()
        expect(unfinished).toStrictEqual([pendingTask(2)])
        expect(ended).toStrictEqual([endedTask(1, 10, { status: 'failed' })])
      })

      it('keeps the job of a task that has ended, and its tags', async () => {
        await store.open(EVERYTHING)
        await store.write([pendingTask(1)])
        const ended = [endedTask(1, 10, { tags: ['night', 'a "b"'] }), { ...endedTask(2, 20), job: '{}' }]
        await store.write(ended)
        expect((await reopened()).ended).toStrictEqual(ended)
      })

      it('does nothing for no tasks', async () => {
        await store.open(EVERYTHING)
        await store.write([])
        expect(await reopened()).toEqual({ lastId: 0, unfinished: [], ended: [] })
      })

      it('writes nothing of a batch that fails, and goes on with the next', async () => {
        await store.open(EVERYTHING)
        await store.write([pendingTask(1)])
        const unreadable: StoredTask = {
          ...pendingTask(3),
          get record(): string {
            throw new RangeError('not for you')
          },
        }
        await expect(store.write([endedTask(1, 10), pendingTask(2), unreadable, pendingTask(4)])).rejects.toThrow(Error)
        await store.write([pendingTask(5)])
        expect(await reopened()).toStrictEqual({ lastId: 5, unfinished: [pendingTask(1), pendingTask(5)], ended: [] })
      })

      it('keeps any characters', async () => {
        await store.open(EVERYTHING)
        const text = 'naïve 日本語 🚀 \u2028 "quoted" \'; DROP TABLE tasks; -- %s ?1 :id \\ \t\r\n'
        const task = pendingTask(1, { name: text, type: text, record: JSON.stringify({ text }), job: text })
        await store.write([task])
        expect((await reopened()).unfinished).toStrictEqual([task])
      })

      it('keeps a record of a megabyte', async () => {
        await store.open(EVERYTHING)
        const task = endedTask(1, 10, { record: JSON.stringify({ result: 'é'.repeat(1024 * 512) }) })
        await store.write([task])
        expect((await reopened()).ended[0]?.record === task.record).toBe(true)
      })

      it('keeps 10,000 tasks', async () => {
        await store.open(EVERYTHING)
        const ids = Array.from({ length: 10_000 }, (_, index) => index + 1)
        await store.write(ids.map(id => pendingTask(id)))
        await store.write(ids.filter(id => id % 2 === 0).map(id => endedTask(id, id)))
        const { lastId, unfinished, ended } = await reopened(1_000)
        expect(lastId).toBe(10_000)
        expect(idsOf(unfinished)).toEqual(ids.filter(id => id % 2 === 1))
        expect(idsOf(ended)).toEqual(ids.filter(id => id % 2 === 0).slice(-1_000))
      })

      it('adds to what an earlier one has left', async () => {
        await store.open(EVERYTHING)
        await store.write([pendingTask(1)])
        await reopened()
        await store.write([pendingTask(2)])
        await reopened()
        await store.write([endedTask(1, 10)])
        expect(await reopened()).toStrictEqual({ lastId: 2, unfinished: [pendingTask(2)], ended: [endedTask(1, 10)] })
      })

      it('is refused before the store was opened', async () => {
        await expect(store.write([pendingTask(1)])).rejects.toThrow(StoreError)
        expect(await store.open(EVERYTHING)).toEqual({ lastId: 0, unfinished: [], ended: [] })
      })

      it('is refused after the store was closed', async () => {
        await store.open(EVERYTHING)
        await store.close()
        await expect(store.write([pendingTask(1)])).rejects.toThrow(StoreError)
        await expect(store.write([])).rejects.toThrow(/not open/)
        expect((await store.open(EVERYTHING)).lastId).toBe(0)
      })
    })

    describe('close', () => {
      it('does nothing before the store was opened, nor the second time', async () => {
        await store.close()
        await store.open(EVERYTHING)
        await store.close()
        await store.close()
      })

      it('lets the store be opened again', async () => {
        await store.open(EVERYTHING)
        await store.close()
        await store.open(EVERYTHING)
        await store.write([pendingTask(1)])
        expect(idsOf((await reopened()).unfinished)).toEqual([1])
      })

      it('closes a store that is opening', async () => {
        const opening = store.open(EVERYTHING)
        await store.close()
        await Promise.allSettled([opening])
        await expect(store.write([pendingTask(1)])).rejects.toThrow(/not open/)
        expect((await reopened()).lastId).toBe(0)
      })
    })
  })
}
