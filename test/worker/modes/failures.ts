import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { errorClasses } from '../../../src/worker/functions/error-classes.ts'
import { registerErrors, WorkerCrashedError } from '../../../src/worker.ts'
import {
  echo,
  exit,
  exitOnce,
  fail,
  failLater,
  failTogether,
  failWithCauses,
  failWithQuota,
  gate,
  QuotaError,
  square,
  throwValue,
} from '../../fixtures/worker/mode-functions.ts'
import { settle } from '../../harness.ts'
import { failureOf } from '../../work.ts'
import { type Mode, submitWith, untilRunning } from './mode.ts'

/** What functions throw, and what cannot be carried. */
export function describeFailures(mode: Mode): void {
  describe('a failure', () => {
    it('is what the function threw: class, message, and a stack that names it', async () => {
      const error = await failureOf(mode.worker.submit(fail, 'wrong'))
      expect(error).toBeInstanceOf(RangeError)
      expect(error).toMatchObject({ name: 'RangeError', message: 'wrong' })
      expect((error as Error).stack).toMatch(/^RangeError: wrong\n(.*\n)*? +at fail .*mode-functions\.ts/)
    })

    it('may come later', async () => {
      const error = await failureOf(mode.worker.submit(failLater, 'wrong'))
      expect(error).toBeInstanceOf(TypeError)
      expect(error).toMatchObject({ message: 'wrong' })
    })

    it('is in the handle and its record, again and again', async () => {
      const handle = mode.worker.submit(fail, 'wrong')
      const error = await failureOf(handle)
      expect(await failureOf(handle)).toBe(error)
      expect(handle.exception()).toBe(error)
      expect(handle.record()).toMatchObject({ status: 'failed', error })
      expect(() => handle.result()).toThrow(error as Error)
    })

    it('has its causes, to the end, with their own fields', async () => {
      const error = await failureOf(mode.worker.submit(failWithCauses))
      expect(error).toBeInstanceOf(TypeError)
      expect(error).toMatchObject({
        message: 'no answer',
        cause: {
          message: 'not connected',
          cause: { name: 'Error', message: 'connect failed', code: 'ECONNREFUSED', port: 80 },
        },
      })
      expect((error as Error).cause).toBeInstanceOf(Error)
    })

    it.each([
      ['undefined', undefined],
      ['null', null],
      ['a string', 'thrown'],
      ['a number', 7],
      ['an object', { status: 404, why: ['not', 'found'] }],
    ])('may be %s', async (_, value) => {
      expect(await failureOf(mode.worker.submit(throwValue, value))).toStrictEqual(value)
    })

    describe('of a class of its own', () => {
      beforeAll(() => registerErrors(QuotaError))
      afterAll(() => void (errorClasses() as Map<string, unknown>).delete('QuotaError'))

      it('keeps it where that is registered', async () => {
        const error = await failureOf(mode.worker.submit(failWithQuota))
        expect(error).toBeInstanceOf(QuotaError)
        expect(error).toMatchObject({ name: 'QuotaError', message: 'too much', used: 7 })
      })

      it('keeps it inside an AggregateError', async () => {
        const error = (await failureOf(mode.worker.submit(failTogether))) as AggregateError
        expect(error).toBeInstanceOf(AggregateError)
        expect(error.message).toBe('both')
        expect(error.errors).toHaveLength(2)
        expect(error.errors[0]).toBeInstanceOf(TypeError)
        expect(error.errors[1]).toBeInstanceOf(QuotaError)
        expect(error.errors[1]).toMatchObject({ used: 2 })
      })
    })

    it('leaves the worker usable', async () => {
      for (let n = 0; n < 5; n += 1) {
        expect(await failureOf(mode.single.submit(fail, 'wrong'))).toBeInstanceOf(RangeError)
        expect(await mode.single.submit(square, n)).toBe(n * n)
      }
    })

    it('that nobody looks at goes to onError, once, and is no unhandled rejection', async () => {
      const seen = vi.fn()
      const worker = await mode.start({ maxWorkers: 1, onError: (error, { name }) => seen(name, error) })
      worker.submit(fail, 'unseen')
      await worker.drain()
      await settle()
      expect(seen.mock.calls).toEqual([['fail', expect.objectContaining({ message: 'unseen' })]])
    })
  })

  describe.skipIf(mode.inLoop)('what cannot be carried', () => {
    it('fails that call alone, and says which argument it was', async () => {
      const [before, bad, after] = [1, { do: () => {} }, 3].map(arg => mode.worker.submit(echo, 'x', arg))
      const error = await failureOf(bad as PromiseLike<unknown>)
      expect(error).toMatchObject({
        name: 'SerializationError',
        message: expect.stringMatching(/argument 2 of echo, at \.?do,? is a function/),
      })
      expect(await before).toEqual(['x', 1])
      expect(await after).toEqual(['x', 3])
    })
  })
  describe.skipIf(mode.inLoop)('a crash', () => {
    it('rejects the call that its worker had, and no other; the next has a fresh worker', async () => {
      const worker = await mode.start({ maxWorkers: 2 })
      const open = mode.file()
      const other = worker.submit(gate, open.path, 'the other')
      await untilRunning(other)
      const error = await failureOf(worker.submit(exit, 3))
      expect(error).toBeInstanceOf(WorkerCrashedError)
      expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED', exitCode: 3, signal: null })
      expect(worker.stats()).toMatchObject({ crashed: 1, failed: 1, running: 1 })
      expect(await submitWith(worker, { priority: 1 }, square, 3)).toBe(9)
      open.open()
      expect(await other).toBe('the other')
    })

    it('may be followed by another attempt', async () => {
      const worker = await mode.start({ maxWorkers: 1 })
      const retry = { retries: 1, wait: 0, retryOn: WorkerCrashedError }
      const handle = submitWith(worker, { retry }, exitOnce)
      expect(await handle).toBe(2)
      expect(handle.record().attempts).toHaveLength(2)
    })
  })
}
