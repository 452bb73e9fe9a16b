import { describe, expect, it } from 'vitest'
import { type TaskEvent, TaskManager, type TaskRecord, TaskRunner } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory-store.ts'
import { HOSTILE } from '../hostile.ts'

class HttpError extends Error {
  readonly code = 'ERR_HTTP'
  readonly status = 503
  override readonly name = 'HttpError'
}

async function recordOfFailure(error: unknown): Promise<TaskRecord> {
  const manager = await TaskManager.start({ logger: false })
  const handle = manager.spawn(() => Promise.reject(error), { retry: { retries: 1, wait: 0 } })
  await handle.then(
    () => {},
    () => {},
  )
  return handle.record()
}

const asJson = (value: unknown) => JSON.parse(JSON.stringify(value))

describe('a record as JSON', () => {
  it('has name, message, code, cause and stack of an error, in every attempt too', async () => {
    const error = new HttpError('unavailable', { cause: new TypeError('fetch failed', { cause: 'no network' }) })
    const record = await recordOfFailure(error)
    const expected = {
      name: 'HttpError',
      message: 'unavailable',
      code: 'ERR_HTTP',
      cause: {
        name: 'TypeError',
        message: 'fetch failed',
        cause: 'no network',
        stack: expect.stringMatching(/^TypeError: fetch failed\n/),
      },
      stack: error.stack,
    }
    const json = asJson(record)
    expect(json.error).toEqual(expected)
    expect(json.attempts.map((attempt: { error: unknown }) => attempt.error)).toEqual([expected, expected])
    expect(json).toMatchObject({ id: 1, status: 'failed', attempt: 2, abandoned: false })
    expect(record.error).toBe(error)
  })

  it('has all errors of an AggregateError', async () => {
    const { error } = asJson(await recordOfFailure(new AggregateError([new Error('one'), 'two'], 'both')))
    expect(error).toMatchObject({ name: 'AggregateError', message: 'both', errors: [{ message: 'one' }, 'two'] })
  })

  it.each([
    ['text', 'text'],
    [{ status: 503 }, { status: 503 }],
    [5n, '5n'],
    [Symbol('s'), 'Symbol(s)'],
    [() => {}, 'a function'],
    [null, null],
  ])('has what was thrown and is no error: %o', async (thrown, shown) => {
    expect(asJson(await recordOfFailure(thrown)).error).toEqual(shown)
  })

  it.each(Object.entries(HOSTILE))('is possible with %s', async (_, make) => {
    const json = asJson(await recordOfFailure(make()))
    expect(json).toMatchObject({ status: 'failed' })
    expect(json.error).toBeDefined()
  })

  it('has the reason of a cancel and the error of a cleanup', async () => {
    const manager = await TaskManager.start({ logger: false })
    const handle = manager.spawn(
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cleanup failed')))),
      { timeout: 1 },
    )
    await handle.catch(() => {})
    expect(asJson(handle.record()).cleanupError).toMatchObject({ name: 'Error', message: 'cleanup failed' })
    const pending = manager.spawn(() => {})
    await pending.cancel(new RangeError('not needed'))
    expect(asJson(pending.record()).cancelReason).toMatchObject({ name: 'RangeError', message: 'not needed' })
  })

  it('is that of events and reports', async () => {
    const manager = await TaskManager.start({ logger: false })
    const events: TaskEvent[] = []
    manager.on('failed', event => events.push(event))
    manager.spawn(() => Promise.reject(new Error('seen')))
    await manager.drain()
    manager.pause()
    manager.spawn(() => {})
    const report = await manager.close({ timeout: 0, pending: 'cancel' })
    expect(asJson(events)).toMatchObject([{ type: 'failed', record: { error: { message: 'seen' } } }])
    expect(asJson(report).neverStarted[0].cancelReason).toMatchObject({ name: 'ManagerClosedError' })
  })

  it('is that of a record from a store', async () => {
    const store = memoryStore()
    const first = await TaskRunner.start({ store, logger: false })
    first.submit(() => Promise.reject(new HttpError('kept')))
    const open = first.submit(({ signal }) => new Promise((_, reject) => (signal.onabort = reject)), { name: 'open' })
    await open.accepted
    await first.close({ timeout: 0, pending: 'keep' })
    const second = await TaskRunner.start({ store, logger: false })
    expect(asJson(second.getRecord(1)).error).toMatchObject({ name: 'HttpError', message: 'kept', code: 'ERR_HTTP' })
    expect(asJson(second.getRecord(2))).toMatchObject({ id: 2 })
    await second.close()
  })

  it('shows nothing of itself: the fields of a record are the fields alone', async () => {
    const record = await recordOfFailure(new Error('e'))
    expect(Object.keys(record)).not.toContain('toJSON')
    expect(structuredClone(record)).toEqual(record)
    expect(Object.isFrozen(record)).toBe(true)
  })
})

describe('the message about a failure that nobody observed', () => {
  async function messageAbout(error: unknown): Promise<string> {
    const messages: string[] = []
    const manager = await TaskManager.start({ logger: { error: (_, message) => messages.push(message) } })
    manager.spawn(() => Promise.reject(error), { name: 'load' })
    await manager.drain()
    return messages[0] as string
  }

  it("has the error's own, cut where it is long", async () => {
    expect(await messageAbout(new Error('503'))).toBe('task 1 "load" failed and nobody observed it: 503')
    expect(await messageAbout('text')).toBe('task 1 "load" failed and nobody observed it: text')
    const long = await messageAbout(new Error('x'.repeat(100_000)))
    expect(long).toBe(`task 1 "load" failed and nobody observed it: ${'x'.repeat(200)}…`)
  })

  it.each(Object.entries(HOSTILE))('is said of %s', async (_, make) => {
    expect(await messageAbout(make())).toMatch(/^task 1 "load" failed and nobody observed it: /)
  })
})
