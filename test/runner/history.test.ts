import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { TaskRunner } from '../../src/index.ts'
import { History } from '../../src/runner/history.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import type { TaskRecord } from '../../src/task/types.ts'
import { settle } from '../harness.ts'
import { temporaryFolder } from '../store/files.ts'
import { delay, forever } from '../work.ts'
import { within } from './within.ts'

const ids = (runner: TaskRunner) => runner.records().map(record => record.id)

/** Runs so many tasks to their end, one after the other. */
async function run(runner: TaskRunner, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await runner.submit(() => n)
}

describe('history', () => {
  it('of 0 keeps nothing of what has ended, and live tasks all the same', async () => {
    await within({ history: 0, workers: 1 }, async runner => {
      await run(runner, 3)
      expect(ids(runner)).toEqual([])
      expect(runner.getRecord(1)).toBeUndefined()
      const running = runner.submit(() => delay(10))
      runner.submit(() => 1)
      await settle()
      expect(ids(runner)).toEqual([5, 4])
      expect(runner.getRecord(running.id)?.status).toBe('running')
      await runner.drain()
      expect(ids(runner)).toEqual([])
      expect([4, 5].map(id => runner.getRecord(id))).toEqual([undefined, undefined])
      expect(running.record()).toMatchObject({ status: 'done' })
      expect(runner.stats().done).toBe(5)
    })
  })

  it('of 1 keeps the last that ended', async () => {
    const runner = await TaskRunner.start({ history: 1 })
    await run(runner, 3)
    expect(ids(runner)).toEqual([3])
    expect(runner.getRecord(3)).toBeDefined()
    expect(runner.getRecord(2)).toBeUndefined()
    await run(runner, 1)
    expect(ids(runner)).toEqual([4])
    expect(runner.getRecord(3)).toBeUndefined()
  })

  it.each([2, 5, 63, 64, 65, 100, 128, 129])('of %i drops the oldest first', async history => {
    const runner = await TaskRunner.start({ history })
    for (const total of [1, history, history + 1, 3 * history + 7]) {
      await run(runner, total - runner.stats().done)
      const kept = Math.min(total, history)
      expect(ids(runner)).toEqual(Array.from({ length: kept }, (_, n) => total - n))
      expect(runner.getRecord(total)).toMatchObject({ result: expect.any(Number) })
      expect(runner.getRecord(total - kept)).toBeUndefined()
    }
  })

  it('of Infinity keeps everything', async () => {
    const runner = await TaskRunner.start({ history: Number.POSITIVE_INFINITY, queueSize: 50_000 })
    for (let n = 0; n < 30_000; n += 1) runner.submit(() => n)
    await runner.drain()
    expect(runner.records()).toHaveLength(30_000)
    expect(runner.getRecord(1)).toMatchObject({ result: 0 })
  })

  it('drops by the order in which tasks end, not that of their submission', async () => {
    await within({ history: 2 }, async runner => {
      for (const ms of [30, 10, 20]) runner.submit(() => delay(ms))
      await runner.drain()
      expect(ids(runner)).toEqual([3, 1])
    })
  })

  it('never drops what has not ended', async () => {
    await within({ history: 2, workers: 5 }, async runner => {
      for (let n = 0; n < 4; n += 1) runner.submit(forever)
      await settle()
      await run(runner, 500)
      expect(ids(runner)).toEqual([504, 503, 4, 3, 2, 1])
      for (const id of [1, 2, 3, 4]) expect(runner.getRecord(id)?.status).toBe('running')
      await runner.shutdown()
    })
  })

  it('holds failed and cancelled tasks as well', async () => {
    await within({ history: 2, workers: 1 }, async runner => {
      runner.submit(() => 1)
      runner.submit(() => Promise.reject('no'))
      runner.submit(() => 1).cancel()
      await runner.drain()
      expect(runner.records().map(record => record.status)).toEqual(['failed', 'done'])
    })
  })

  it('does not let go of what it dropped too late: the memory is free', async () => {
    const runner = await TaskRunner.start({ history: 3 })
    const result = new WeakRef({ some: 'result' })
    await runner.submit(() => result.deref())
    expect(runner.getRecord(1)).toMatchObject({ result: { some: 'result' } })
    await run(runner, 3)
    expect(runner.getRecord(1)).toBeUndefined()
    await collected(result)
    expect(runner.records()).toHaveLength(3)
  })
})

/** Resolves when the garbage collector has taken it. */
async function collected(reference: WeakRef<object>): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    await settle()
    globalThis.gc?.()
    if (reference.deref() === undefined) return
  }
  throw new Error('it is still in memory')
}

describe('the ring of a history', () => {
  const record = (id: number) => ({ id }) as TaskRecord

  it.each([1, 2, 63, 64, 65, 200, Number.POSITIVE_INFINITY])('agrees with a list, at a capacity of %d', capacity => {
    const ring = new History(capacity)
    const early = new History(capacity)
    early.find(0)
    const list: number[] = []
    for (let id = 1; id <= 700; id += 1) {
      ring.add(record(id))
      early.add(record(id))
      list.push(id)
      if (list.length > capacity) list.shift()
      expect(early.find(id)).toEqual({ id })
      if (id % 97 !== 0 && id !== 700) continue
      expect([...ring].map(ended => ended.id).sort((a, b) => a - b)).toEqual(list)
      const found = Array.from({ length: id + 1 }, (_, n) => n).filter(n => early.find(n) !== undefined)
      expect(found).toEqual(list)
      expect(Array.from({ length: id + 1 }, (_, n) => n).filter(n => ring.find(n) !== undefined)).toEqual(list)
    }
  })
})

describe('a clock that is set back', () => {
  /** What a runner finds of its history in a store that keeps two, and what it has after it has run two tasks. */
  async function restart(path: string, between: () => void): Promise<{ found: number[]; kept: number[] }> {
    const store = sqliteStore(path, { synchronous: 'normal' })
    const runner = await TaskRunner.start({ store, history: 2, retain: { count: 2 }, workers: 1 })
    const found = ids(runner)
    await run(runner, 1)
    await runner.flush()
    between()
    await run(runner, 1)
    await runner.flush()
    const kept = ids(runner)
    await runner.close()
    return { found, kept }
  }

  it('has neither a runner nor its store take what ends for the oldest', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const setBack = () => void vi.setSystemTime(Date.now() - 86_400_000)
    const path = join(temporaryFolder(), 'tasks.db')
    expect(await restart(path, () => {})).toEqual({ found: [], kept: [2, 1] })
    setBack()
    expect(await restart(path, setBack)).toEqual({ found: [2, 1], kept: [4, 3] })
    setBack()
    expect(await restart(path, setBack)).toEqual({ found: [4, 3], kept: [6, 5] })
  })
})
