import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { TaskCancelledError, TaskManager, TaskTimeoutError } from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'

const named = (name: string, fields: object = {}) => Object.assign(new Error('stopped'), { name, ...fields })

/** How libraries answer the abort of the signal that they were given. */
const ANSWERS: Readonly<Record<string, (signal: AbortSignal) => unknown>> = {
  'the reason itself': ({ reason }) => reason,
  'the reason as a cause': ({ reason }) => new Error('request failed', { cause: reason }),
  'the reason far down': ({ reason }) => new Error('a', { cause: new Error('b', { cause: { cause: reason } }) }),
  'a DOMException': () => new DOMException('aborted', 'AbortError'),
  "Node's own": () => Object.assign(new Error('aborted'), { code: 'ABORT_ERR' }),
  axios: () => named('CanceledError', { code: 'ERR_CANCELED' }),
  got: () => named('CancelError', { code: 'ERR_CANCELED' }),
  'axios, wrapped': () => new Error('could not load', { cause: named('CanceledError') }),
  bluebird: () => named('CancellationError'),
  'an AbortError of a vm context': () => runInNewContext(`Object.assign(new Error('x'), { name: 'AbortError' })`),
  'several that share their causes, level by level': ({ reason }) => levels(14, reason),
  'several, all of them such': ({ reason }) => new AggregateError([reason, new DOMException('', 'AbortError')]),
  'a plain object': () => ({ name: 'AbortError' }),
  'the cancel of another task': () => new TaskCancelledError('task 7 was cancelled'),
}

const OWN: Readonly<Record<string, unknown>> = {
  'an error of its own': new Error('disk full'),
  'an error that only speaks of it': new Error('AbortError: canceled'),
  'several, of which the first is the answer': new AggregateError([named('AbortError'), new Error('disk full')], '', {
    cause: named('AbortError'),
  }),
  'several in each other without end': endless(),
  'an error with another code': Object.assign(new Error('no'), { code: 'ECONNRESET' }),
  nothing: undefined,
}

function endless(): AggregateError {
  const error = new AggregateError([])
  error.errors = [error, error]
  return error
}

function levels(left: number, reason: unknown): unknown {
  return left === 0 ? reason : new AggregateError(new Array(10).fill(levels(left - 1, reason)))
}

function answering(answer: (signal: AbortSignal) => unknown) {
  return async ({ signal }: { readonly signal: AbortSignal }) => {
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    throw answer(signal)
  }
}

describe.each(Object.entries(ANSWERS))('work that answers a stop with %s', (_, answer) => {
  it('is cancelled', async () => {
    const onError = vi.fn()
    await using manager = await TaskManager.start({ onError })
    const handle = manager.spawn(answering(answer))
    await settle()
    await handle.cancel('enough')
    expect(handle.status).toBe('cancelled')
    await expect(handle).rejects.toMatchObject({ code: 'ERR_TASK_CANCELLED', cause: 'enough' })
    await settle()
    expect(onError).not.toHaveBeenCalled()
  })

  it('has timed out, and no cleanup has failed', async () => {
    await autojump(async () => {
      const onError = vi.fn()
      const manager = await TaskManager.start({ onError })
      const handle = manager.spawn(answering(answer), { timeout: 10 })
      await expect(handle).rejects.toBeInstanceOf(TaskTimeoutError)
      expect(handle.record()).not.toHaveProperty('cleanupError')
      await manager.close()
      expect(onError).not.toHaveBeenCalled()
    })
  })

  it('has failed when nobody told it to stop', async () => {
    await using manager = await TaskManager.start({ logger: false })
    const error = answer(AbortSignal.abort(new Error('other')))
    const handle = manager.spawn(() => Promise.reject(error))
    expect(await handle.catch((thrown: unknown) => thrown)).toBe(error)
    expect(handle.status).toBe('failed')
  })
})

describe.each(Object.entries(OWN))('work that answers a stop with %s', (_, own) => {
  it('has failed', async () => {
    await using manager = await TaskManager.start({ logger: false })
    const handle = manager.spawn(answering(() => own))
    await settle()
    await handle.cancel('enough')
    expect(handle.status).toBe('failed')
    expect(handle.exception()).toBe(own)
  })
})
