import { describe, expect, it } from 'vitest'
import {
  callLimit,
  DuplicateKeyError,
  limits,
  QueueFullError,
  RetryValidationError,
  rateLimit,
  resourceLimit,
  type TaskHandle,
} from '../../../src/index.ts'
import { withConfig } from '../../../src/worker.ts'
import {
  attemptNumber,
  echo,
  fail,
  gate,
  hold,
  note,
  politeGate,
  same,
  square,
  succeedAt,
} from '../../fixtures/worker/mode-functions.ts'
import { failureOf } from '../../work.ts'
import { type Mode, submitWith, untilRunning } from './mode.ts'

const HOUR = 3_600_000

/** Slots, priorities, limits and retries. */
export function describePolicies(mode: Mode): void {
  describe('tags', () => {
    it('are in the record of a call, and in none without', async () => {
      const tagged = submitWith(mode.single, { tags: ['night', 'night'] }, square, 3)
      expect(tagged.record().tags).toEqual(['night'])
      expect(await tagged).toBe(9)
      expect(mode.single.submit(square, 2).record()).not.toHaveProperty('tags')
      expect(() => submitWith(mode.single, { tags: [''] }, square, 3)).toThrow(/^each of tags must be/)
    })
  })

  describe('slots', () => {
    it('are as many as maxWorkers says, and taken in order', async () => {
      const open = mode.file()
      const handles = [1, 2, 3, 4].map(n => mode.worker.submit(gate, open.path, n))
      await untilRunning(...handles.slice(0, 2))
      expect(handles.map(handle => handle.status)).toEqual(['running', 'running', 'pending', 'pending'])
      expect(mode.worker.stats()).toMatchObject({ running: 2, pending: 2, active: 2, maxTasks: 2 })
      open.open()
      expect(await Promise.all(handles)).toEqual([1, 2, 3, 4])
      expect(mode.worker.stats()).toMatchObject({ running: 0, pending: 0, active: 0 })
    })

    it('go to the higher priority first, and within one to who came first', async () => {
      const [open, notes] = [mode.file(), mode.file()]
      const first = mode.single.submit(gate, open.path)
      await untilRunning(first)
      const rest = [0, 5, -1, 5, 0].map((priority, at) =>
        submitWith(mode.single, { priority }, note, notes.path, `${priority} ${at}`),
      )
      open.open()
      await Promise.all([first, ...rest])
      expect(notes.lines()).toEqual(['5 1', '5 3', '0 0', '0 4', '-1 2'])
    })

    it('are not taken by a call that is to start later, and that others go before', async () => {
      const notes = mode.file()
      const late = { delay: HOUR }
      const date = { at: new Date(Date.now() + HOUR) }
      const later = [late, date].map(options => submitWith(mode.single, options, note, notes.path, 'late'))
      const soon = submitWith(mode.single, { delay: 50 }, note, notes.path, 'soon')
      // On another machine the broker has them wait, for slots of this side: there are more of those.
      if (!mode.remote) expect(await mode.single.submit(square, 3)).toBe(9)
      await Promise.all(later.map(call => call.cancel()))
      expect(await soon).toBe('soon')
      expect(later.map(({ status }) => status)).toEqual(['cancelled', 'cancelled'])
      expect(notes.lines()).toEqual(['soon'])
    })

    it('that are taken, with a full queue, refuse a call and keep nothing of it', async () => {
      const open = mode.file()
      const worker = await mode.start({ maxWorkers: 1, maxPending: 1 })
      const running = worker.submit(gate, open.path, 'a')
      await untilRunning(running)
      const pending = worker.submit(square, 2)
      expect(() => worker.submit(square, 3)).toThrow(QueueFullError)
      expect(worker.stats()).toMatchObject({ running: 1, pending: 1 })
      open.open()
      expect(await Promise.all([running, pending])).toEqual(['a', 4])
      expect(await worker.submit(square, 4)).toBe(16)
    })

    it('that are taken have a map wait, with a full queue', async () => {
      const worker = await mode.start({ maxWorkers: 1, maxPending: 0 })
      expect(await worker.map(square, [1, 2, 3, 4], { buffer: 4 }).toArray()).toEqual([1, 4, 9, 16])
    })
  })

  describe('limits', () => {
    it('let as many calls run as they have room for, and no more', async () => {
      const open = mode.file()
      const limit = resourceLimit({ key: 'account', capacity: 1 })
      const [first, second] = [1, 2].map(n => submitWith(mode.worker, { limits: limit }, gate, open.path, n))
      const free = mode.worker.submit(square, 5)
      await untilRunning(first as NonNullable<typeof first>)
      expect(await free).toBe(25)
      expect(second).toMatchObject({ status: 'pending' })
      expect(limit.stats()).toMatchObject({ used: 1 })
      open.open()
      expect(await Promise.all([first, second])).toEqual([1, 2])
      expect(limit.stats()).toMatchObject({ used: 0, waiting: 0 })
    })

    it('are asked for what `cost` says, in amounts or by the arguments', async () => {
      const open = mode.file()
      const limit = resourceLimit({ key: 'tokens', capacity: 10 })
      const cost = (_path: string, tokens: number) => ({ tokens })
      const calls = [
        submitWith(mode.worker, { limits: limit, cost: { tokens: 6 } }, gate, open.path, 'six'),
        submitWith(mode.worker, { limits: limit, cost }, gate, open.path, 4),
      ]
      await untilRunning(...calls)
      expect(limit.stats()).toMatchObject({ used: 10, available: 0 })
      open.open()
      expect(await Promise.all<unknown>(calls)).toEqual(['six', 4])
      expect(limit.stats().used).toBe(0)
    })

    it('refuse a call that asks for more than there is, at the call', () => {
      const limit = resourceLimit({ key: 'tokens', capacity: 10 })
      const cost = (tokens: number) => ({ tokens })
      expect(() => submitWith(mode.worker, { limits: limit, cost }, same, 11)).toThrow(RangeError)
      expect(() => submitWith(mode.worker, { limits: limit, cost: { other: 1 } }, same, 1)).toThrow(RangeError)
      const broken = () => {
        throw new TypeError('no cost')
      }
      expect(() => submitWith(mode.worker, { limits: limit, cost: broken }, same, 1)).toThrow('no cost')
    })

    it('are taken together, and given back by calls that fail or are cancelled', async () => {
      const [calls, resource] = [callLimit(100, HOUR), resourceLimit({ key: 'account', capacity: 1 })]
      const rate = rateLimit({ key: 'tokens', capacity: 100, per: HOUR, algorithm: 'token-bucket' })
      const options = { limits: limits([calls, resource, rate]), cost: { tokens: 10 } }
      await failureOf(submitWith(mode.worker, options, fail, 'wrong'))
      const held = submitWith(mode.worker, options, hold)
      await untilRunning(held)
      const waiting = submitWith(mode.worker, options, square, 3)
      await held.cancel()
      expect(await waiting).toBe(9)
      expect(resource.stats()).toMatchObject({ used: 0, waiting: 0 })
      expect(calls.stats().used).toBe(3)
      expect(Math.round(rate.stats().used)).toBeGreaterThan(20)
    })
  })

  describe('retries', () => {
    it('run the call again, each with its number, until it succeeds', async () => {
      const notes = mode.file()
      const handle = submitWith(mode.worker, { retry: { retries: 5, wait: 0 } }, succeedAt, 3, notes.path)
      expect(await handle).toBe(3)
      expect(notes.lines()).toEqual(['1', '2', '3'])
      const { attempt, attempts } = handle.record()
      expect(attempt).toBe(3)
      expect(attempts.map(({ error }) => (error as Error | undefined)?.message)).toEqual([
        'attempt 1',
        'attempt 2',
        undefined,
      ])
    })

    it('end with the last error, as it was', async () => {
      const handle = submitWith(mode.worker, { retry: { retries: 1, wait: 0 } }, succeedAt, 9)
      const error = await failureOf(handle)
      expect(error).toBeInstanceOf(RangeError)
      expect(error).toMatchObject({ message: 'attempt 2' })
      expect(mode.worker.stats()).toMatchObject({ pending: 0, running: 0 })
    })

    it('come after the errors of retryOn only: classes and predicates', async () => {
      const onRange = { retries: 2, wait: 0, retryOn: RangeError }
      expect(await submitWith(mode.worker, { retry: onRange }, succeedAt, 2)).toBe(2)
      const onType = { retries: 2, wait: 0, retryOn: [TypeError, (error: unknown) => String(error).includes('more')] }
      const handle = submitWith(mode.worker, { retry: onType }, succeedAt, 2)
      expect(await failureOf(handle)).toMatchObject({ message: 'attempt 1' })
      const byMessage = submitWith(mode.worker, { retry: onType }, fail, 'once more')
      expect(await failureOf(byMessage)).toMatchObject({ message: 'once more' })
      expect(byMessage.record().attempt).toBe(3)
    })

    it('go on until retryUntil accepts a result, or give up with all of them', async () => {
      const until = (least: number) => ({ retries: 2, wait: 0, retryUntil: (n: number) => n >= least })
      expect(await submitWith(mode.worker, { retry: until(3) }, attemptNumber)).toBe(3)
      const error = await failureOf(submitWith(mode.worker, { retry: until(9) }, attemptNumber))
      expect(error).toBeInstanceOf(RetryValidationError)
      expect(error).toMatchObject({ attempts: 3, results: [1, 2, 3] })
    })

    it('hold no slot while they wait, and end with a cancel at once', async () => {
      const retry = { retries: 3, wait: HOUR }
      const handle = submitWith(mode.single, { retry }, fail, 'wrong')
      const next = mode.single.submit(echo, 'next')
      expect(await next).toEqual(['next'])
      expect(handle).toMatchObject({ status: 'pending' })
      expect(handle.record().attempt).toBe(1)
      expect(await handle.cancel()).toBe(true)
      expect(await failureOf(handle)).toMatchObject({ name: 'TaskCancelledError' })
    })

    it('follow a timeout, too', async () => {
      const handle = withConfig({ timeout: 20, retry: { retries: 1, wait: 0 } }, () => mode.worker.submit(hold))
      expect(await failureOf(handle)).toMatchObject({ code: 'ERR_TASK_TIMEOUT' })
      expect(handle.record()).toMatchObject({ attempt: 2, status: 'failed' })
    })
  })

  describe('calls with one key', () => {
    it('run once while one is in flight, for all who made them', async () => {
      const open = mode.file()
      const [first, second] = [1, 2].map(n => submitWith(mode.worker, { key: 'same' }, gate, open.path, n))
      const other = submitWith(mode.worker, { key: 'another' }, gate, open.path, 3)
      await untilRunning(first as TaskHandle<number>)
      open.open()
      expect(await first).toBe(1)
      expect(await second).toBe(1)
      expect(await other).toBe(3)
      if (!mode.remote) expect(second?.id).toBe(first?.id)
    })

    it('go on for the others when one is cancelled', async () => {
      const open = mode.file()
      const [first, second] = [1, 2].map(n => submitWith(mode.worker, { key: 'left' }, gate, open.path, n)) as [
        TaskHandle<number>,
        TaskHandle<number>,
      ]
      await first.cancel('not me')
      expect(await failureOf(first)).toMatchObject({ name: 'TaskCancelledError', cause: 'not me' })
      open.open()
      expect([1, 2]).toContain(await second)
    })

    it('are told apart by their arguments and their functions', async () => {
      const worker = await mode.start({ key: ((n: number) => `${n % 2}`) as never })
      const [one, two, three] = [1, 2, 3].map(n => worker.submit(square, n))
      const same1 = worker.submit(same, 1)
      expect(await Promise.all([one, two, same1])).toEqual([1, 4, 1])
      expect([1, 9]).toContain(await three)
    })

    it('are refused, or take the place of one another, where the mode knows how', async () => {
      const [shut, open] = [mode.file(), mode.file()]
      if (mode.remote) {
        await expect(mode.start({ key: 'a', onDuplicate: 'reject' })).rejects.toThrow(TypeError)
        return
      }
      const first = submitWith(mode.single, { key: 'one' }, politeGate, shut.path, 1)
      await untilRunning(first)
      const again = (onDuplicate: 'reject' | 'replace') =>
        submitWith(mode.single, { key: 'one', onDuplicate }, politeGate, open.path, 2)
      expect(() => again('reject')).toThrow(DuplicateKeyError)
      const next = again('replace')
      expect(await failureOf(first)).toMatchObject({ cause: { id: next.id } })
      open.open()
      expect(await next).toBe(2)
      expect(() => mode.single.map(square, [1], { key: 'one' })).toThrow('map has a task of its own for each item')
      const kept = submitWith(mode.single, { key: 'kept', keepKeyFor: 60_000 }, square, 3)
      expect(await kept).toBe(9)
      expect(await submitWith(mode.single, { key: 'kept' }, square, 4)).toBe(9)
    })
  })
}
