import { describe, expect, it } from 'vitest'
import { SerializationError, StoreError, TaskCancelledError, TaskTimeoutError } from '../../src/base/errors.ts'
import { TaskManager } from '../../src/index.ts'
import { decodeRecord } from '../../src/store/decode.ts'
import { cutTask, encodeTask } from '../../src/store/encode.ts'
import type { TaskRecord, TaskRecordFields } from '../../src/task/types.ts'

const DONE: TaskRecordFields = {
  id: 7,
  name: 'resize',
  type: 'image',
  status: 'done',
  priority: 3,
  attempt: 2,
  attempts: [
    { startedAt: 1_001, endedAt: 1_002, error: new RangeError('too large') },
    { startedAt: 1_003, endedAt: 1_004 },
  ],
  createdAt: 1_000,
  startedAt: 1_001,
  endedAt: 1_004,
  updatedAt: 1_005,
  result: { width: 80, height: 60 },
  abandoned: false,
  progress: { completed: 2, total: 3, message: 'almost' },
}

const PENDING: TaskRecordFields = {
  id: 8,
  name: 'task 8',
  status: 'pending',
  priority: 0,
  attempt: 0,
  attempts: [],
  createdAt: 1_000,
  updatedAt: 1_000,
  abandoned: false,
}

function stored(record: TaskRecordFields): TaskRecord {
  return decodeRecord(encodeTask(record, undefined).task)
}

function failedWith(error: unknown): TaskRecordFields {
  const { result: _, ...rest } = DONE
  return { ...rest, status: 'failed', error }
}

describe('encodeTask', () => {
  it('keeps what a store is asked about beside the record', () => {
    expect(encodeTask(DONE, undefined)).toEqual({
      task: {
        id: 7,
        name: 'resize',
        type: 'image',
        status: 'done',
        createdAt: 1_000,
        updatedAt: 1_005,
        endedAt: 1_004,
        record: expect.any(String),
      },
    })
  })

  it('has no type, no end and no job for a task without', () => {
    expect(Object.keys(encodeTask(PENDING, undefined).task)).toEqual([
      'id',
      'name',
      'status',
      'createdAt',
      'updatedAt',
      'record',
    ])
  })

  it('keeps the job of a task, also once that has ended', () => {
    expect(encodeTask(PENDING, '{"ms":500}').task.job).toBe('{"ms":500}')
    expect(encodeTask(DONE, '{"ms":500}').task.job).toBe('{"ms":500}')
  })
})

describe('a record that was stored', () => {
  it.each([DONE, PENDING, failedWith(new Error('no'))])('of a task that is $status has all its parts', record => {
    expect(stored(record)).toStrictEqual(record)
  })

  it('is frozen through and through', () => {
    const record = stored(DONE)
    for (const part of [record, record.attempts, record.attempts[0], record.progress]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
  })

  it('has errors of their classes, with code, stack and cause', () => {
    const cause = Object.assign(new TypeError('no such host'), { code: 'ENOTFOUND' })
    const error = new TaskTimeoutError('too slow', 250, { cause })
    const record = stored({ ...failedWith(error), attempts: [{ startedAt: 1, endedAt: 2, error }] })
    for (const revived of [record.error, record.attempts[0]?.error]) {
      expect(revived).toBeInstanceOf(TaskTimeoutError)
      expect(revived).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 250, stack: error.stack })
      expect((revived as Error).cause).toBeInstanceOf(TypeError)
      expect((revived as Error).cause).toMatchObject({ code: 'ENOTFOUND', message: 'no such host' })
    }
  })

  it('has the error of its cleanup and the reason of its cancel', () => {
    const record = stored({
      ...failedWith(new Error('a')),
      cleanupError: new RangeError('b'),
      cancelReason: new TaskCancelledError('c'),
    })
    expect(record.cleanupError).toBeInstanceOf(RangeError)
    expect(record.cancelReason).toBeInstanceOf(TaskCancelledError)
    expect(stored({ ...PENDING, cancelReason: 'enough' }).cancelReason).toBe('enough')
  })

  it.each([undefined, null, 'text', 0])('has an error of %o when that was thrown', error => {
    expect(stored(failedWith(error))).toStrictEqual(failedWith(error))
  })

  it('has an attempt that threw undefined', () => {
    const record = { ...DONE, attempts: [{ startedAt: 1, endedAt: 2, error: undefined }] }
    expect(stored(record)).toStrictEqual(record)
  })

  const results = [undefined, null, false, 0, '', 'text', [], [1, { a: null }]]
  it.each(results.map(result => ({ result })))('has a result of $result', ({ result }) => {
    expect(stored({ ...DONE, result })).toStrictEqual({ ...DONE, result })
  })

  it('has the result as JSON brings it back', () => {
    const result = { at: new Date(0), gone: undefined, none: Number.NaN }
    expect(stored({ ...DONE, result }).result).toStrictEqual({ at: '1970-01-01T00:00:00.000Z', none: null })
  })

  it('has the infinities that JSON lacks', () => {
    const progress = { completed: Number.POSITIVE_INFINITY, total: Number.POSITIVE_INFINITY }
    const record = { ...PENDING, priority: Number.NEGATIVE_INFINITY, progress }
    expect(stored(record)).toStrictEqual(record)
  })

  it('has names of any characters', () => {
    const name = 'naïve 日本語 🚀 \u0000 \ud800 \u2028 "quoted"'
    expect(stored({ ...PENDING, name }).name).toBe(name)
  })

  it('comes from a running manager', async () => {
    const manager = await TaskManager.start({ onError: () => {} })
    const failing = manager.spawn(() => Promise.reject(new RangeError('no')), { retry: { retries: 1, wait: 0 } })
    const handles = [manager.spawn(task => task.progress(0.5)), failing, manager.spawn(() => {}, { name: 'cancelled' })]
    void handles[2]?.cancel(new Error('enough'))
    await Promise.allSettled(handles)
    for (const handle of handles) expect(stored(handle.record())).toStrictEqual(handle.record())
    await manager.close()
  })
})

describe('a result that JSON cannot carry', () => {
  class Endless {
    readonly next = { toJSON: () => new Endless() }
  }
  const { proxy: revoked, revoke } = Proxy.revocable({}, {})
  revoke()
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  const throwing = (thrown: unknown) => ({
    toJSON() {
      throw thrown
    },
  })

  it.each([
    ['a BigInt', 12n, /BigInt/],
    ['a BigInt inside', { a: [12n] }, /BigInt/],
    ['a cycle', cycle, /circular structure/],
    ['a function', () => {}, /functions/],
    ['a symbol', Symbol('a'), /symbols/],
    ['what throws an error', throwing(new Error('not me')), /not me/],
    ['what throws', throwing(undefined), /undefined/],
    ['what throws what can not be read', throwing(revoked), /not be read/],
    ['what becomes nothing', { toJSON: () => undefined }, /toJSON gave undefined/],
    ['what becomes itself again and again', { toJSON: () => new Endless() }, /call stack/],
    ['a getter that throws', Object.defineProperty({}, 'a', { enumerable: true, get: throwing('no').toJSON }), /no/],
    ['a proxy that was revoked', revoked, /revoked|proxy/],
  ])('is left out and reported: %s', (_, result, why) => {
    const { task, problem } = encodeTask({ ...DONE, result }, undefined)
    expect(problem).toBeInstanceOf(SerializationError)
    const { message } = problem as Error
    expect(message).toMatch(why)
    expect(message).toMatch(/^the result of task 7 "resize" is not stored, .*: return plain data$/)
    const { result: _result, ...rest } = DONE
    expect(decodeRecord(task)).toStrictEqual({ ...rest, resultLeftOut: expect.stringMatching(why) })
  })

  it('is reported with what JSON said, in one line', () => {
    const { problem } = encodeTask({ ...DONE, name: 'task 7', result: cycle }, undefined)
    expect((problem as Error).cause).toBeInstanceOf(TypeError)
    expect((problem as Error).message).not.toContain('\n')
    expect((problem as Error).message).toMatch(/^the result of task 7 is/)
  })
})

describe('what was thrown', () => {
  const shortened = expect.stringMatching(/more than a record holds/)

  it('is kept whole up to a length that nobody reads to the end', () => {
    const error = new Error('x'.repeat(50_000))
    const record = stored(failedWith(error))
    expect((record.error as Error).message).toBe(error.message)
    expect(record).not.toHaveProperty('shortened')
  })

  it.each<[string, unknown]>([
    ['a message', new Error('x'.repeat(1_000_000))],
    ['a cause', new Error('short', { cause: new Error('x'.repeat(1_000_000)) })],
    ['a field', Object.assign(new Error('short'), { body: 'x'.repeat(1_000_000) })],
    ['an object in a field', Object.assign(new Error('short'), { body: { text: Array(200_000).fill('x') } })],
    ['bytes in a field', Object.assign(new Error('short'), { body: new Uint8Array(200_000) })],
    ['a text', 'x'.repeat(1_000_000)],
  ])('is cut past it, and the record says so: %s', (_, error) => {
    const { task, problem } = encodeTask(failedWith(error), undefined)
    expect(problem).toBeUndefined()
    expect(task.record.length).toBeLessThan(300_000)
    expect(decodeRecord(task)).toMatchObject({ status: 'failed', shortened })
  })

  it('is cut in all attempts together, and the latest are kept', () => {
    // A text of its own for each would be 600 MB.
    const error = new Error('x'.repeat(60_000_000))
    const attempts = Array.from({ length: 2_000 }, (_, n) => ({ startedAt: n, endedAt: n + 1, error }))
    const { task } = encodeTask({ ...failedWith(error), attempt: 2_000, attempts }, undefined)
    expect(task.record.length).toBeLessThan(3_000_000)
    const record = decodeRecord(task)
    expect(record).toMatchObject({ attempt: 2_000, shortened })
    expect(record.attempts).toHaveLength(1_000)
    expect(record.attempts.at(-1)).toMatchObject({ startedAt: 1_999 })
    expect((record.error as Error).message).toMatch(/^x+… \(59900000 more characters\)$/)
  })
})

describe('cutTask', () => {
  it('keeps little, and says why', () => {
    const attempts = Array.from({ length: 20 }, () => ({
      startedAt: 1,
      endedAt: 2,
      error: new Error('x'.repeat(5_000)),
    }))
    const cut = cutTask({ ...DONE, name: 'n'.repeat(5_000), attempts }, undefined, 'too big')
    expect(cut.record.length).toBeLessThan(40_000)
    expect(cut.name.length).toBeLessThan(1_100)
    const record = decodeRecord(cut)
    expect(record).not.toHaveProperty('result')
    expect(record).toMatchObject({ id: 7, status: 'done', resultLeftOut: 'too big', shortened: 'too big' })
    expect(record.attempts).toHaveLength(10)
  })

  it('keeps what runs the task again', () => {
    expect(cutTask(PENDING, '{}', 'too big').job).toBe('{}')
    expect(decodeRecord(cutTask(PENDING, '{}', 'too big'))).not.toHaveProperty('resultLeftOut')
  })
})

describe('decodeRecord', () => {
  it.each(['', 'null', '{}', '{"id":7'])('refuses %o with a StoreError that names the task', record => {
    const task = { ...encodeTask(DONE, undefined).task, record }
    expect(() => decodeRecord(task)).toThrow(StoreError)
    expect(() => decodeRecord(task)).toThrow(/record of task 7/)
  })
})
