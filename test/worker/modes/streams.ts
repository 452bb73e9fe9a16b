import { describe, expect, it } from 'vitest'
import { SerializationError, type TaskStream, TaskTimeoutError } from '../../../src/index.ts'
import { task, WorkerCrashedError } from '../../../src/worker.ts'
import {
  countAndExit,
  countAndFail,
  countAndHold,
  countAndLoop,
  countTo,
  each,
  failAtFirst,
  told,
  uncarriable,
  uncarriableBetween,
} from '../../fixtures/worker/mode-functions.ts'
import { until } from '../../harness.ts'
import { collect } from '../../work.ts'
import { type Mode, submitWith } from './mode.ts'

/** What a stream gives, and the error that it ends with. */
async function readAll<T>(stream: TaskStream<T>): Promise<{ items: T[]; error: unknown }> {
  const items: T[] = []
  try {
    for await (const item of stream) items.push(item)
    return { items, error: undefined }
  } catch (error) {
    return { items, error }
  }
}

/** Functions that give streams. */
export function describeStreams(mode: Mode): void {
  const oneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

  describe('a stream', () => {
    it('gives its items in order and ends', async () => {
      const stream = mode.worker.submit(countTo, 300)
      expect(await collect(stream)).toEqual(oneTo(300))
      expect(await stream.done).toBeUndefined()
      expect(await collect(mode.worker.submit(countTo, 0))).toEqual([])
    })

    it('gives several at a time, each to its own loop', async () => {
      const all = await Promise.all([20, 40].map(count => collect(mode.worker.submit(countTo, count))))
      expect(all).toEqual([oneTo(20), oneTo(40)])
    })

    it('gives items of every kind', async () => {
      const items = [undefined, null, -0, 'text', new Date(0), new Map([[1, new Set([2])]]), [undefined], { a: 1n }]
      expect(await collect(mode.worker.submit(each<unknown>, items))).toEqual(items)
      const [error] = await collect(mode.worker.submit(each<unknown>, [new RangeError('an item')]))
      expect(error).toBeInstanceOf(RangeError)
      expect(error).toMatchObject({ message: 'an item' })
    })

    it.each([1, 3])('is never more than %i items ahead of its reader', async buffer => {
      const notes = mode.file()
      const stream = submitWith(mode.worker, { buffer }, countTo, 12, notes.path)
      await until(() => notes.lines().length === buffer)
      let read = 0
      for await (const item of stream) {
        read += 1
        expect(item).toBe(read)
        if (read + buffer < 12) await until(() => notes.lines().length > read)
        expect(notes.lines().filter(line => line !== 'stopped').length).toBeLessThanOrEqual(read + buffer)
      }
      expect(notes.lines()).toHaveLength(13)
    })

    it('whose loop is left has stopped, its finally included', async () => {
      const notes = mode.file()
      const stream = mode.worker.submit(countTo, 1_000_000, notes.path)
      for await (const item of stream) if (item === 5) break
      expect(notes.lines().at(-1)).toBe('stopped')
      expect(stream.status).toBe('cancelled')
    })

    it('that is cancelled in a step hears it, and has stopped', async () => {
      const notes = mode.file()
      const stream = mode.worker.submit(countAndHold, 2, notes.path)
      await until(() => stream.record().progress !== undefined)
      expect(await stream.cancel('enough')).toBe(true)
      expect(notes.lines()).toEqual(['cleaned up'])
      expect(await readAll(stream)).toMatchObject({
        items: [1, 2],
        error: { code: 'ERR_TASK_CANCELLED', cause: 'enough' },
      })
    })

    it('gives an error after the items before it', async () => {
      const { items, error } = await readAll(mode.worker.submit(countAndFail, 30, 'no more'))
      expect(items).toEqual(oneTo(30))
      expect(error).toBeInstanceOf(RangeError)
      expect(error).toMatchObject({ message: 'no more' })
    })

    it('ends with its timeout', async () => {
      const notes = mode.file()
      const stream = submitWith(mode.worker, { timeout: 1_500 }, countAndHold, 2, notes.path)
      const { items, error } = await readAll(stream)
      expect(items).toEqual([1, 2])
      expect(error).toBeInstanceOf(TaskTimeoutError)
    })

    it('is tried again until an item was read', async () => {
      const retry = { retries: 1, wait: 1 }
      const unread = submitWith(mode.worker, { retry }, failAtFirst, 3)
      await unread.done
      expect(await collect(unread)).toEqual(['2.1', '2.2', '2.3'])
      const { items, error } = await readAll(submitWith(mode.worker, { retry, buffer: 2 }, failAtFirst, 6))
      expect(items).toEqual(oneTo(6).map(item => `1.${item}`))
      expect(error).toMatchObject({ message: 'first' })
    })

    it('waits for a reader, and is stopped by close', async () => {
      const notes = mode.file()
      const worker = await mode.start({ maxWorkers: 1 })
      const stream = worker.submit(countTo, 1_000, notes.path)
      await until(() => notes.lines().length === 16)
      expect(stream.status).toBe('running')
      await worker.close({ timeout: 0 })
      expect(notes.lines().at(-1)).toBe('stopped')
      expect((await readAll(stream)).error).toMatchObject({ code: 'ERR_TASK_CANCELLED' })
    })

    it('comes of a task function, too', async () => {
      await using counted = task(countTo, mode.where)
      expect(await collect(counted(3))).toEqual([1, 2, 3])
      expect(await collect(counted.call(2))).toEqual([1, 2])
      expect(await collect(counted.with({ buffer: 1 }).submit(4))).toEqual([1, 2, 3, 4])
    })

    it.skipIf(mode.remote)('reads what is sent to its task', async () => {
      const stream = submitWith(mode.worker, { buffer: 1 }, told)
      stream.done.send('one')
      stream.done.send('two')
      const items: unknown[] = []
      for await (const item of stream) {
        items.push(item)
        if (items.length === 2) break
      }
      expect(items).toEqual(['told one', 'told two'])
    })

    it('is refused what is for calls with one result', () => {
      expect(() => mode.worker.map(countTo, [1, 2])).toThrow(/map takes functions with one result/)
      expect(() => task(countTo, { ...mode.where, retry: { retries: 1, retryUntil: () => true } })).toThrow(
        /retryUntil/,
      )
      expect(() => task(countTo, { ...mode.where, buffer: 0 })).toThrow(RangeError)
      if (mode.remote) expect(() => task(countTo, { ...mode.where, key: 'one' })).toThrow(/key .*one reader/)
    })

    it.skipIf(mode.inLoop)('fails with an item that cannot be carried, after those before it', async () => {
      const { items, error } = await readAll(mode.worker.submit(uncarriable))
      expect(items).toEqual([1])
      expect(error).toBeInstanceOf(SerializationError)
      expect(error).toMatchObject({ message: expect.stringMatching(/an item of uncarriable, at \.of,/) })
    })

    it.skipIf(mode.inLoop)('gives nothing that is made after an item that cannot be carried', async () => {
      const { items, error } = await readAll(mode.worker.submit(uncarriableBetween))
      expect(items).toEqual([1])
      expect(error).toBeInstanceOf(SerializationError)
    })

    it.skipIf(mode.inLoop)('fails when its worker crashes, after the items that have come', async () => {
      const worker = await mode.start({ maxWorkers: 1 })
      const { items, error } = await readAll(worker.submit(countAndExit, 3, 7))
      expect(items).toEqual([1, 2, 3])
      expect(error).toBeInstanceOf(WorkerCrashedError)
    })

    it.skipIf(mode.inLoop)('that never stops by itself is stopped for sure', async () => {
      const worker = await mode.start({ maxWorkers: 1, cleanupTimeout: 50 })
      const stream = worker.submit(countAndLoop, 3)
      const iterator = stream[Symbol.asyncIterator]()
      for (const item of oneTo(3)) expect((await iterator.next()).value).toBe(item)
      await iterator.return?.()
      expect(stream.record()).toMatchObject({ status: 'cancelled', abandoned: false })
    })
  })
}
