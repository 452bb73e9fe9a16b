import { describe, expect, it } from 'vitest'
import { type RecordQuery, SleepTask, TaskRunner } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, forever, listening, untilAborted } from '../work.ts'
import { within } from './within.ts'

const ids = (runner: TaskRunner, query?: RecordQuery) => runner.records(query).map(record => record.id)

/** One task in every state: 1 done, 2 failed, 3 cancelled, 4 stopping, 5 running, 6 pending. */
async function oneOfEach(runner: TaskRunner): Promise<void> {
  await runner.submit(() => 'result', { type: 'a' })
  await runner.submit(() => Promise.reject('no'), { type: 'b' }).catch(() => {})
  runner.submit(forever, { type: 'a' }).cancel('why')
  const stopping = runner.submit(({ signal }) => untilAborted(signal, 100), { type: 'b' })
  runner.submit(task => listening(task, untilAborted), { type: 'a' })
  runner.submit(() => 6)
  await settle()
  stopping.cancel()
}

const TWO = { workers: 2 } as const

describe('getRecord', () => {
  it('finds tasks in every state', async () => {
    await within(TWO, async runner => {
      await oneOfEach(runner)
      const statuses = [1, 2, 3, 4, 5, 6].map(id => runner.getRecord(id)?.status)
      expect(statuses).toEqual(['done', 'failed', 'cancelled', 'stopping', 'running', 'pending'])
      expect(runner.getRecord(1)).toMatchObject({ id: 1, type: 'a', result: 'result', abandoned: false })
      expect(runner.getRecord(2)).toMatchObject({ error: 'no' })
      expect(runner.getRecord(3)).toMatchObject({ cancelReason: 'why', attempt: 0, attempts: [] })
      await runner.shutdown()
    })
  })

  it('gives undefined for what there never was', async () => {
    const runner = await TaskRunner.start()
    for (const id of [0, 1, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(runner.getRecord(id)).toBeUndefined()
    }
  })

  it('gives frozen snapshots, which stay as they were', async () => {
    await within({}, async runner => {
      const handle = runner.submit(() => delay(10, 'x'))
      const before = runner.getRecord(1)
      await handle
      const after = runner.getRecord(1)
      expect(before).toMatchObject({ status: 'pending', attempt: 0 })
      expect(after).toMatchObject({ status: 'done', result: 'x' })
      expect(after).toEqual(handle.record())
      expect(Object.isFrozen(before) && Object.isFrozen(after)).toBe(true)
    })
  })

  it('has the times of each step', async () => {
    await within({ workers: 1 }, async runner => {
      const start = Date.now()
      runner.submit(() => delay(30))
      const { id } = runner.submit(() => delay(20))
      await runner.drain()
      expect(runner.getRecord(id)).toMatchObject({
        createdAt: start,
        startedAt: start + 30,
        endedAt: start + 50,
        updatedAt: start + 50,
        attempts: [{ startedAt: start + 30, endedAt: start + 50 }],
      })
    })
  })

  it('has what the task was last heard of its progress', async () => {
    await within({}, async runner => {
      const { id } = runner.submit(async task => {
        task.progress(0.25)
        await delay(5)
        task.progress({ completed: 9, total: 10, message: 'nearly' })
      })
      await settle()
      expect(runner.getRecord(id)?.progress).toEqual({ completed: 0.25, total: 1 })
      await runner.drain()
      expect(runner.getRecord(id)?.progress).toEqual({ completed: 9, total: 10, message: 'nearly' })
    })
  })

  it('survives the close', async () => {
    const runner = await TaskRunner.start()
    const { id } = runner.submit(() => 1)
    await runner.close()
    expect(runner.getRecord(id)).toMatchObject({ status: 'done', result: 1 })
    expect(ids(runner)).toEqual([1])
  })
})

describe('records', () => {
  it('gives all there are, newest first', async () => {
    await within(TWO, async runner => {
      expect(runner.records()).toEqual([])
      await oneOfEach(runner)
      expect(ids(runner)).toEqual([6, 5, 4, 3, 2, 1])
      expect(runner.records()).toEqual([6, 5, 4, 3, 2, 1].map(id => runner.getRecord(id)))
      await runner.shutdown()
    })
  })

  it.each<[RecordQuery, number[]]>([
    [{}, [6, 5, 4, 3, 2, 1]],
    [{ status: 'done' }, [1]],
    [{ status: 'failed' }, [2]],
    [{ status: 'cancelled' }, [3]],
    [{ status: 'stopping' }, [4]],
    [{ status: 'running' }, [5]],
    [{ status: 'pending' }, [6]],
    [{ status: ['pending', 'done', 'done'] }, [6, 1]],
    [{ status: [] }, []],
    [{ type: 'a' }, [5, 3, 1]],
    [{ type: 'b' }, [4, 2]],
    [{ type: '' }, []],
    [{ type: 'unknown' }, []],
    [{ limit: 2 }, [6, 5]],
    [{ limit: 0 }, []],
    [{ limit: 100 }, [6, 5, 4, 3, 2, 1]],
    [{ limit: Number.POSITIVE_INFINITY }, [6, 5, 4, 3, 2, 1]],
    [{ before: 4 }, [3, 2, 1]],
    [{ before: 1 }, []],
    [{ before: 1_000 }, [6, 5, 4, 3, 2, 1]],
    [{ before: 6, limit: 2 }, [5, 4]],
    [{ type: 'a', status: ['done', 'running'], before: 5, limit: 5 }, [1]],
    [{ type: 'a', limit: 1 }, [5]],
  ])('gives those that fit %j', async (query, expected) => {
    await within(TWO, async runner => {
      await oneOfEach(runner)
      expect(ids(runner, query)).toEqual(expected)
      await runner.shutdown()
    })
  })

  it('go from page to page with before and limit', async () => {
    const runner = await TaskRunner.start({ workers: 3 })
    for (let n = 1; n <= 95; n += 1) runner.submit(() => n, { type: n % 2 === 0 ? 'even' : 'odd' })
    await runner.drain()
    const pages: number[][] = []
    for (let page = ids(runner, { limit: 10, type: 'even' }); page.length > 0; ) {
      pages.push(page)
      page = ids(runner, { limit: 10, type: 'even', before: page.at(-1)! })
    }
    expect(pages.map(page => page.length)).toEqual([10, 10, 10, 10, 7])
    expect(pages.flat()).toEqual(Array.from({ length: 47 }, (_, n) => 94 - 2 * n))
  })

  it('are in the order of submission, whatever the order in which they end', async () => {
    await within({ workers: 3 }, async runner => {
      for (const ms of [30, 10, 20]) runner.submit(new SleepTask({ ms }))
      await runner.drain()
      expect(ids(runner)).toEqual([3, 2, 1])
      expect(ids(runner, { limit: 1 })).toEqual([3])
    })
  })

  it('gives an array of your own', async () => {
    const runner = await TaskRunner.start()
    await runner.submit(() => 1)
    runner.records().length = 0
    expect(runner.records()).toHaveLength(1)
  })

  it.each([
    [5, TypeError, /query must be an object, got 5/],
    [null, TypeError, /query must be an object, got null/],
    [{ status: 'ended' }, RangeError, /status must be one of 'pending', 'running', .*got "ended"/],
    [{ status: ['done', 'ended'] }, RangeError, /status must be one of .*got "ended"/],
    [{ status: null }, TypeError, /status must be one of .*got null/],
    [{ status: [1] }, TypeError, /status must be one of .*got 1/],
    [{ type: 1 }, TypeError, /type must be a string, got 1/],
    [{ limit: -1 }, RangeError, /limit must be .*got -1/],
    [{ limit: 1.5 }, RangeError, /limit must be .*got 1.5/],
    [{ limit: '10' }, TypeError, /limit must be .*got "10"/],
    [{ before: 0 }, RangeError, /before must be .*got 0/],
    [{ before: '3' }, TypeError, /before must be .*got "3"/],
  ])('refuses a wrong query: %j', async (query, type, message) => {
    const runner = await TaskRunner.start()
    const attempt = () => runner.records(query as RecordQuery)
    expect(attempt).toThrow(type)
    expect(attempt).toThrow(message)
  })
})
