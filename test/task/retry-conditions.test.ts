import { describe, expect, it, vi } from 'vitest'
import {
  type RetryOptions,
  RetryValidationError,
  type TaskContext,
  TaskManager,
  type TaskRecord,
  TaskTimeoutError,
} from '../../src/index.ts'
import { autojump } from '../harness.ts'

/** What one attempt comes to. */
type Step = { readonly gives: unknown } | { readonly throws: unknown }

/** Runs work whose attempts come to these steps, with a retry for each but the first, and gives its last record. */
async function run(retry: Partial<RetryOptions>, ...steps: readonly Step[]): Promise<TaskRecord> {
  const { value } = await autojump(async () => {
    await using manager = await TaskManager.start({ logger: false })
    const work = async ({ attempt }: TaskContext) => {
      const step = steps[attempt - 1] as Step
      if ('throws' in step) throw step.throws
      return step.gives
    }
    const handle = manager.spawn(work, { retry: { retries: steps.length - 1, wait: 1, ...retry } })
    await handle.catch(() => {})
    return handle.record()
  })
  return value
}

class HttpError extends Error {
  readonly status: number

  constructor(status: number) {
    super(`status ${status}`)
    this.status = status
  }
}

describe('retryOn', () => {
  const boom = new HttpError(503)
  const twice = [{ throws: boom }, { gives: 'well' }] as const

  it('takes every error unless told', async () => {
    for (const error of [boom, 'text', 0, null, undefined]) {
      expect(await run({}, { throws: error }, { gives: 'well' })).toMatchObject({ status: 'done', attempt: 2 })
    }
  })

  it('takes the errors of a class and of those below it', async () => {
    expect(await run({ retryOn: HttpError }, ...twice)).toMatchObject({ status: 'done' })
    expect(await run({ retryOn: Error }, ...twice)).toMatchObject({ status: 'done' })
    expect(await run({ retryOn: TypeError }, ...twice)).toMatchObject({ status: 'failed', attempt: 1, error: boom })
    expect(await run({ retryOn: Error }, { throws: 'text' }, { gives: 1 })).toMatchObject({ error: 'text' })
    expect(await run({ retryOn: DOMException }, { throws: new DOMException() }, { gives: 1 })).toMatchObject({
      result: 1,
    })
  })

  it('takes what a predicate of the error and the attempt says yes to', async () => {
    const seen: unknown[] = []
    const retryOn = (error: unknown, attempt: number) => {
      seen.push([error, attempt])
      return error instanceof HttpError && error.status >= 500
    }
    const record = await run(
      { retryOn },
      { throws: boom },
      { throws: boom },
      { throws: new HttpError(404) },
      { gives: 1 },
    )
    expect(record).toMatchObject({ status: 'failed', attempt: 3, error: { status: 404 } })
    expect(seen).toEqual([
      [boom, 1],
      [boom, 2],
      [record.error, 3],
    ])
  })

  it('takes what one of several takes', async () => {
    const retryOn = [TypeError, (error: unknown) => error === boom]
    expect(await run({ retryOn }, { throws: boom }, { throws: new TypeError() }, { gives: 1 })).toMatchObject({
      status: 'done',
    })
    expect(await run({ retryOn }, { throws: new RangeError() }, { gives: 1 })).toMatchObject({ status: 'failed' })
  })

  it('counts a predicate that throws as no, and still asks the next', async () => {
    const throws = () => {
      throw new Error('predicate')
    }
    expect(await run({ retryOn: throws }, ...twice)).toMatchObject({ status: 'failed', attempt: 1, error: boom })
    expect(await run({ retryOn: [throws, HttpError] }, ...twice)).toMatchObject({ status: 'done', attempt: 2 })
  })

  it('is asked about a timeout too', async () => {
    await autojump(async () => {
      await using manager = await TaskManager.start({ logger: false })
      const work = ({ attempt, signal }: TaskContext) =>
        attempt > 1 ? 'well' : new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      expect(await manager.spawn(work, { timeout: 5, retry: { retries: 1, retryOn: TaskTimeoutError } })).toBe('well')
      const asked = vi.fn((_: unknown) => false)
      const refused = manager.spawn(work, { timeout: 5, retry: { retries: 1, retryOn: asked } })
      const error = await refused.catch(error => error)
      expect(error).toBeInstanceOf(TaskTimeoutError)
      expect(asked).toHaveBeenCalledOnce()
      expect(asked.mock.calls[0]?.[0]).toBe(error)
    })
  })
})

describe('retryUntil', () => {
  const positive = (result: number) => result > 0
  const even = (result: number) => result % 2 === 0

  it('tries until all predicates hold', async () => {
    const results = [-2, 1, 4, 6].map(gives => ({ gives }))
    expect(await run({ retryUntil: [positive, even] }, ...results)).toMatchObject({
      status: 'done',
      result: 4,
      attempt: 3,
    })
    expect(await run({ retryUntil: positive }, ...results)).toMatchObject({ status: 'done', result: 1, attempt: 2 })
  })

  it('tells its predicates the attempt', async () => {
    const retryUntil = (_: unknown, attempt: number) => attempt === 3
    expect(await run({ retryUntil }, ...[1, 2, 3, 4].map(gives => ({ gives })))).toMatchObject({ result: 3 })
  })

  it('gives up with RetryValidationError: attempts, results and the reasons', async () => {
    const invalid = new Error('not valid')
    const validate = (result: number) => {
      if (result === 2) throw invalid
      return false
    }
    const { status, error, attempts } = await run({ retryUntil: validate }, { gives: 1 }, { gives: 2 }, { gives: 3 })
    expect(status).toBe('failed')
    expect(error).toBeInstanceOf(RetryValidationError)
    const { attempts: count, results, reasons, code, message } = error as RetryValidationError
    expect([count, results, code]).toEqual([3, [1, 2, 3], 'ERR_RETRY_VALIDATION'])
    expect(reasons).toEqual([
      new Error('the result was refused by function validate'),
      invalid,
      new Error('the result was refused by function validate'),
    ])
    expect(reasons[1]).toBe(invalid)
    expect(message).toBe('task 1 gave no result that retryUntil accepts in 3 attempts')
    expect(attempts.map(attempt => attempt.error)).toEqual([reasons[0], invalid, error])
    expect(attempts[1]?.error).toBe(invalid)
  })

  it('counts a validator that throws as no, with its reason, whatever it throws', async () => {
    for (const reason of [new Error('why'), 'text', undefined]) {
      const retryUntil = () => {
        throw reason
      }
      const { error } = await run({ retryUntil }, { gives: 'result' })
      expect(error).toMatchObject({ attempts: 1, results: ['result'], reasons: [reason] })
      expect((error as RetryValidationError).reasons[0]).toBe(reason)
    }
  })

  it('tries again after a refusal whatever retryOn says', async () => {
    const record = await run({ retryOn: TypeError, retryUntil: positive }, { gives: -1 }, { gives: 1 })
    expect(record).toMatchObject({ status: 'done', result: 1 })
  })

  it('mixed with errors: the last attempt decides what is thrown', async () => {
    const boom = new HttpError(500)
    const last = await run({ retryUntil: positive }, { gives: -1 }, { throws: boom }, { gives: -3 })
    expect(last.error).toBeInstanceOf(RetryValidationError)
    expect(last.error).toMatchObject({
      attempts: 3,
      results: [-1, -3],
      reasons: [expect.any(Error), expect.any(Error)],
    })
    expect(last.attempts[1]?.error).toBe(boom)

    const thrown = await run({ retryUntil: positive }, { gives: -1 }, { throws: boom })
    expect(thrown.error).toBe(boom)

    const refusedByRetryOn = await run(
      { retryOn: TypeError, retryUntil: positive },
      { gives: -1 },
      { throws: boom },
      { gives: 1 },
    )
    expect(refusedByRetryOn).toMatchObject({ status: 'failed', attempt: 2, error: boom })
  })

  it('checks an undefined result like any other', async () => {
    const retryUntil = (result: unknown) => result !== undefined
    expect(await run({ retryUntil }, { gives: undefined }, { gives: null })).toMatchObject({ result: null })
  })
})

describe('the options of retry', () => {
  it.each([
    [TypeError, 'retry must be an object, got null', null],
    [TypeError, 'retry must be an object, got "3"', '3'],
    [TypeError, 'retry must be an object, got an array', [3]],
    [TypeError, 'retry.retries must be zero, a positive integer or Infinity, got undefined', {}],
    [RangeError, 'retry.retries must be zero, a positive integer or Infinity, got -1', -1],
    [RangeError, 'retry.retries must be zero, a positive integer or Infinity, got 1.5', 1.5],
    [RangeError, 'retry.retries must be zero, a positive integer or Infinity, got NaN', Number.NaN],
    [TypeError, 'retry.retries must be zero, a positive integer or Infinity, got "1"', { retries: '1' }],
    [
      RangeError,
      "retry.backoff must be one of 'exponential', 'linear', 'fibonacci', got \"cubic\"",
      { retries: 1, backoff: 'cubic' },
    ],
    [TypeError, "retry.backoff must be one of 'exponential', 'linear', 'fibonacci', got 2", { retries: 1, backoff: 2 }],
    [RangeError, 'retry.wait must be a number of milliseconds', { retries: 1, wait: -1 }],
    [TypeError, 'retry.wait must be a number of milliseconds', { retries: 1, wait: '1s' }],
    [RangeError, 'retry.maxWait must be a number of milliseconds', { retries: 1, maxWait: Number.NaN }],
    [TypeError, 'retry.maxWait must be a number of milliseconds', { retries: 1, maxWait: null }],
    [RangeError, 'retry.jitter must be a number from 0 to 1, got 1.1', { retries: 1, jitter: 1.1 }],
    [RangeError, 'retry.jitter must be a number from 0 to 1, got -0.1', { retries: 1, jitter: -0.1 }],
    [TypeError, 'retry.jitter must be a number from 0 to 1, got "half"', { retries: 1, jitter: 'half' }],
    [TypeError, 'retry.jitter must be a number from 0 to 1, got true', { retries: 1, jitter: true }],
    [TypeError, 'retry.retryOn must be a function, got "Error"', { retries: 1, retryOn: 'Error' }],
    [TypeError, 'retry.retryOn[1] must be a function, got 1', { retries: 1, retryOn: [Error, 1] }],
    [TypeError, 'retry.retryUntil must be a function, got an object', { retries: 1, retryUntil: {} }],
    [TypeError, 'retry.retryUntil[0] must be a function, got null', { retries: 1, retryUntil: [null] }],
  ])('are refused at the call with a %o: %s', async (type, message, wrong) => {
    await using manager = await TaskManager.start()
    const retry = wrong as never
    expect(() => manager.spawn(() => 1, { retry })).toThrow(type)
    expect(() => manager.spawn(() => 1, { retry })).toThrow(message)
    expect(() => manager.map([1], () => 1, { retry })).toThrow(message)
    expect(manager.stats()).toMatchObject({ pending: 0, running: 0 })
  })
})

describe('an empty retryOn', () => {
  it('matches no error', async () => {
    const manager = await TaskManager.start()
    const work = vi.fn(() => {
      throw new Error('once')
    })
    await expect(manager.spawn(work, { retry: { retries: 3, wait: 0, retryOn: [] } })).rejects.toThrow('once')
    expect(work).toHaveBeenCalledTimes(1)
  })
})
