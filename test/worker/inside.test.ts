import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limitPool, limits, rateLimit, resourceLimit, SerializationError } from '../../src/index.ts'
import type { TaskHandle } from '../../src/task/types.ts'
import { type AnyFunction, TaskWorker, type WorkerOptions } from '../../src/worker.ts'
import * as inside from '../fixtures/worker/inside.ts'
import { failureOf } from '../work.ts'
import { submitWith } from './modes/mode.ts'

const module = new URL('../fixtures/worker/inside.ts', import.meta.url)

/** The handle, once its work has said that it runs. */
async function running(handle: TaskHandle<unknown>): Promise<void> {
  while (handle.record().progress === undefined) await new Promise(resolve => setTimeout(resolve, 5))
}

describe.each(['async', 'thread', 'process'] as const)('inside a task of mode %s', mode => {
  const connections = resourceLimit({ key: 'connections', capacity: 4 })
  let worker: TaskWorker

  beforeAll(async () => {
    worker = await TaskWorker.start({ mode, module, maxWorkers: 1, cleanupTimeout: 60_000 })
  })
  afterAll(() => worker.stop())

  /** Calls a function of the fixture with these options. */
  const make = (fn: AnyFunction, options: WorkerOptions = {}) => {
    const call = (...args: readonly unknown[]): TaskHandle<unknown> =>
      submitWith(worker, options, fn as (...args: readonly unknown[]) => unknown, ...args)
    return Object.assign(call, { with: (more: WorkerOptions) => make(fn, { ...options, ...more }) })
  }

  it('limits can be acquired, updated and released', async () => {
    const handle = make(inside.takeMore, { limits: limits([connections]) })(3, 2)
    expect(await handle).toBe('used 2 of 3')
    expect(handle.record().progress).toEqual({ completed: 2, total: 3 })
    expect(connections.stats().available).toBe(4)
  })

  it('what can never be had is refused, and what is not to be had in time', async () => {
    const takeSoon = make(inside.takeSoon, { limits: connections })
    expect(await failureOf(takeSoon(5, 1_000))).toBeInstanceOf(RangeError)
    await using _held = await connections.acquire({ connections: 1 })
    expect(await failureOf(takeSoon(3, 1))).toMatchObject({ code: 'ERR_TASK_TIMEOUT' })
    expect(connections.stats().available).toBe(3)
  })

  it('limits are always there, and nothing is limited where none were given', async () => {
    expect(await make(inside.withoutLimits)()).toBe('free')
    expect(await make(inside.withoutLimits, { limits: limits([]), cost: { tokens: 2 } })()).toBe('free')
  })

  it('what asks for more than is left beside what it holds itself is told so, and how to do it', async () => {
    const one = resourceLimit({ key: 'one', capacity: 1 })
    const takeAgain = make(inside.takeAgain, { limits: limits([one]) })
    const error = await failureOf(takeAgain(false))
    expect(error).toMatchObject({ code: 'ERR_DEADLOCK' })
    expect(String(error)).toMatch(
      /takeAgain.* asks for 1 of its limit "one", of which 1 of 1.*task\.permit.*cost: 'none'/,
    )
    expect(await takeAgain(true)).toBe('taken')
    expect(await takeAgain.with({ cost: 'none' })(false)).toBe('taken')
    expect(one.stats()).toMatchObject({ used: 0, waiting: 0 })
  })

  it('more than was taken is settled without an error, and owed', async () => {
    const tokens = rateLimit({ key: 'tokens', capacity: 100, per: 60_000 })
    const settle = make(inside.settle, { limits: limits([connections, tokens]), cost: { tokens: 10 } })
    await settle({ tokens: 4 })
    expect(tokens.stats()).toMatchObject({ used: 4, available: 96 })
    await settle({ tokens: 150 })
    expect(tokens.stats()).toMatchObject({ used: 154, available: 0 })
    expect(await failureOf(settle.with({ timeout: 10_000, cost: { tokens: 0 } })({ other: 1 }))).toBeInstanceOf(
      RangeError,
    )
  })

  it('a permit says which member of a pool has granted it', async () => {
    const members = ['a', 'b'].map(key => resourceLimit({ key, capacity: 1 }))
    const settle = make(inside.settle, { limits: limitPool(members) })
    expect([await settle({}), await settle({}), await settle({})]).toEqual([0, 1, 0])
  })

  it('an update after the release is an error', async () => {
    expect(await make(inside.updateLate, { limits: connections })()).toBe('TypeError')
  })

  it('what is not released comes back when the call ends', async () => {
    await make(inside.keep, { limits: connections })(2)
    expect(connections.stats().available).toBe(4)
  })

  it.runIf(mode === 'process')('what is held comes back when the worker dies', async () => {
    const error = await failureOf(make(inside.takeAndDie, { limits: connections })(2))
    expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED' })
    expect(connections.stats().available).toBe(4)
  })

  it('an operation runs to its end, and every step sees its task', async () => {
    expect(await make(inside.steps)(5)).toBe(true)
  })

  it('an operation fails with its own error', async () => {
    const error = await failureOf(make(inside.failing)())
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ message: 'an operation failed' })
  })

  it('messages that are sent to it arrive in order, whenever they were sent', async () => {
    const read = make(inside.readMessages)
    const sent = ['early', { nested: [1n, new Map([['a', new Date(0)]])] }, undefined, Buffer.from('bytes')]
    const [first, waiting] = [read(), read()]
    for (const handle of [first, waiting]) expect(sent.map(message => handle.send(message))).not.toContain(false)
    const more = Array.from({ length: 500 }, (_, index) => index)
    for (const number of more) waiting.send(number)
    first.send('end')
    expect(await first).toEqual(sent)
    await running(waiting)
    waiting.send('late')
    waiting.send('end')
    expect(await waiting).toEqual([...sent, ...more, 'late'])
    expect(waiting.send('too late')).toBe(false)
  })

  it('the loop over its messages ends when it is told to stop', async () => {
    const handle = make(inside.readMessages)(true)
    handle.send(1)
    await running(handle)
    const cancelled = handle.cancel()
    expect(handle.send(2)).toBe(false)
    expect(await cancelled).toBe(true)
    expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: false })
  })

  it.runIf(mode !== 'async')('messages that cannot be carried are refused where they are sent', async () => {
    const handle = make(inside.readMessages)()
    for (const message of [() => {}, { deep: [Symbol('x')] }, new (class Own {})(), new MessageChannel().port1]) {
      expect(() => handle.send(message)).toThrow(SerializationError)
    }
    expect(() => handle.send({ deep: () => {} })).toThrow(/a function/)
    handle.send('end')
    expect(await handle).toEqual([])
  })

  it('an operation fails with what nobody can read', async () => {
    const handle = make(inside.failingUnreadably)()
    await handle.catch(() => {})
    expect(handle.status).toBe('failed')
  })

  it.runIf(mode !== 'process')('a cancelled operation is halted, and its cleanup waited for', async () => {
    const cells = new SharedArrayBuffer(4)
    const handle = make(inside.untilHalted)(cells)
    await running(handle)
    expect(await handle.cancel('enough')).toBe(true)
    expect(new Int32Array(cells)[0]).toBe(1)
    expect(handle.record()).toMatchObject({ status: 'cancelled', cancelReason: 'enough', abandoned: false })
  })

  it('the error of a cleanup is not hidden by the cancel', async () => {
    const handle = make(inside.failingCleanup)()
    await running(handle)
    handle.cancel()
    const error = await failureOf(handle)
    expect(error).toBeInstanceOf(TypeError)
    expect(handle.status).toBe('failed')
  })

  it('a scope ends with the call, once its tasks have stopped', async () => {
    const handle = make(inside.scoped)()
    await running(handle)
    expect(await handle.cancel('enough')).toBe(true)
    expect(handle.record()).toMatchObject({ status: 'cancelled', cancelReason: 'enough', abandoned: false })
    expect(await make(inside.scopedBefore)()).toBe('enough')
  })
})
