import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import {
  type RetryOptions,
  TaskManager,
  type TaskManagerOptions,
  TaskTimeoutError,
  type Work,
} from '../../src/index.ts'
import { createGate } from '../../src/testing.ts'
import { autojump, settle } from '../harness.ts'
import { elapse } from '../invariants/work.ts'
import { untilAborted } from '../work.ts'

const boom = new Error('boom')
const failing: Work<string> = async ({ attempt }) => {
  if (attempt === 1) throw boom
  return 'second'
}

const start = (options: TaskManagerOptions = {}) =>
  TaskManager.start({ maxTasks: 1, cleanupTimeout: 300, logger: false, ...options })

/** Asks about a failed attempt and about a refused result: each has its predicate waiting for the gate. */
const ASKED = {
  retryOn: (gate: Promise<boolean>) => ({ work: failing, retry: { retries: 1, wait: 1, retryOn: () => gate } }),
  retryUntil: (gate: Promise<boolean>) => ({
    work: () => 'first',
    retry: { retries: 1, wait: 1, retryUntil: () => gate },
  }),
} satisfies Record<string, (gate: Promise<boolean>) => { work: Work<string>; retry: RetryOptions }>

describe.each(['retryOn', 'retryUntil'] as const)('an asynchronous %s', option => {
  it('is awaited, with the slot kept', async () => {
    await autojump(async () => {
      const manager = await start()
      const gate = createGate<boolean>()
      const { work, retry } = ASKED[option](gate)
      const handle = manager.spawn(work, { retry })
      const other = manager.spawn(() => 'other')
      await settle()
      expect([handle.status, other.status]).toEqual(['running', 'pending'])
      gate.open(true)
      expect(await handle).toBe(option === 'retryOn' ? 'second' : 'first')
      expect(await other).toBe('other')
      await manager.close()
    })
  })

  it('that says no is believed', async () => {
    await autojump(async () => {
      const manager = await start()
      const { work, retry } = ASKED[option](Promise.resolve(false))
      const error = await manager.spawn(work, { retry }).catch(thrown => thrown)
      if (option === 'retryOn') expect(error).toBe(boom)
      else expect(error).toMatchObject({ attempts: 2, results: ['first', 'first'] })
      await manager.close()
    })
  })

  it('that rejects counts as no, and is logged once', async () => {
    await autojump(async () => {
      const logger = { error: vi.fn() }
      const manager = await start({ logger })
      const lost = new Error('of the predicate')
      const { work, retry } = ASKED[option](Promise.reject(lost))
      for (let n = 0; n < 3; n += 1) await manager.spawn(work, { retry }).catch(() => {})
      expect(logger.error.mock.calls).toEqual([[lost, `a predicate of ${option} threw, which counts as no`]])
      await manager.close()
    })
  })

  it.each(['cancel', 'deadline', 'close'] as const)('that never answers is not waited for after %s', async stop => {
    await autojump(async () => {
      const manager = await start()
      const { work, retry } = ASKED[option](createGate<boolean>())
      const handle = manager.spawn(work, { retry, ...(stop === 'deadline' && { deadline: 50 }) })
      handle.catch(() => {})
      await settle()
      if (stop === 'cancel') expect(await handle.cancel('enough')).toBe(true)
      else if (stop === 'close') expect(await manager.close({ timeout: 10 })).toMatchObject({ abandoned: [] })
      else await expect(handle).rejects.toBeInstanceOf(TaskTimeoutError)
      expect(handle.status).toBe(stop === 'deadline' ? 'failed' : 'cancelled')
      const { attempts } = handle.record()
      expect(attempts).toHaveLength(1)
      expect(attempts[0]?.error).toBe(option === 'retryOn' ? boom : undefined)
      if (stop !== 'close') expect(await manager.spawn(() => 'next')).toBe('next')
      await manager.close()
      expect(vi.getTimerCount()).toBe(0)
    })
  })

  it('that cancels the task before it answers ends it', async () => {
    await autojump(async () => {
      const manager = await start()
      const ask = () => {
        void manager.cancelAll('enough')
        return createGate<boolean>()
      }
      const { work, retry } = ASKED[option](createGate<boolean>())
      const handle = manager.spawn(work, { retry: { ...retry, [option]: ask } })
      await expect(handle).rejects.toMatchObject({ code: 'ERR_TASK_CANCELLED', cause: 'enough' })
      expect(await manager.spawn(() => 'next')).toBe('next')
      await manager.close()
    })
  })
})

describe('an asynchronous retryOn of a timeout', () => {
  const hearing: Work<unknown> = ({ attempt, signal }) => (attempt === 1 ? untilAborted(signal) : 'second')

  it.each([true, false])('is awaited after the work has stopped: %s', async answer => {
    await autojump(async () => {
      const manager = await start()
      const retryOn = () => elapse(500).then(() => answer)
      const handle = manager.spawn(hearing, { timeout: 10, retry: { retries: 1, wait: 1, retryOn } })
      const outcome = await handle.catch(error => error)
      if (answer) expect(outcome).toBe('second')
      else expect(outcome).toBeInstanceOf(TaskTimeoutError)
      expect(handle.record()).toMatchObject({ attempt: answer ? 2 : 1, abandoned: false })
      await manager.close()
    })
  })

  it('that says no while the work still runs has the handle settle as that of work that hears nothing', async () => {
    const { elapsed } = await autojump(async () => {
      const manager = await start()
      const retryOn = async () => false
      const handle = manager.spawn(() => elapse(200), { timeout: 10, retry: { retries: 1, retryOn } })
      await expect(handle).rejects.toBeInstanceOf(TaskTimeoutError)
      expect(handle.record().abandoned).toBe(true)
      expect(performance.now()).toBeLessThan(200)
      await manager.close()
    })
    expect(elapsed).toBe(200)
  })

  it('that answers after the work was given up on still has its say', async () => {
    await autojump(async () => {
      const manager = await start()
      const retryOn = () => elapse(1_000).then(() => true)
      const work: Work<unknown> = ({ attempt }) => (attempt === 1 ? elapse(5_000) : 'second')
      expect(await manager.spawn(work, { timeout: 10, retry: { retries: 1, wait: 1, retryOn } })).toBe('second')
      expect(manager.stats()).toMatchObject({ abandoned: 1, running: 0, stopping: 0 })
      await elapse(5_000)
      await manager.close()
    })
  })
})

describe('a backoff that throws', () => {
  it('is logged, and ends the retries with the error of the work', async () => {
    await autojump(async () => {
      const logger = { error: vi.fn() }
      const manager = await start({ logger })
      const fault = new Error('of backoff')
      const backoff = () => {
        throw fault
      }
      for (let n = 0; n < 2; n += 1) {
        await expect(manager.spawn(failing, { retry: { retries: 1, backoff } })).rejects.toBe(boom)
      }
      expect(logger.error.mock.calls).toEqual([[fault, 'backoff gave no wait, so task 1 is not tried again']])
      await manager.close()
    })
  })

  it('gets the attempt, its error and the time since the first start', async () => {
    await autojump(async () => {
      const manager = await start()
      const seen: unknown[] = []
      const work: Work<string> = async ({ attempt }) => {
        await elapse(10)
        if (attempt < 3) throw boom
        return 'third'
      }
      const backoff: RetryOptions['backoff'] = failed => {
        seen.push([failed.attempt, failed.error, failed.elapsed])
        return 100 * failed
      }
      expect(await manager.spawn(work, { retry: { retries: 2, backoff } })).toBe('third')
      expect(seen).toEqual([
        [1, boom, 10],
        [2, boom, 120],
      ])
      await manager.close()
    })
  })
})

describe('a class in retryOn', () => {
  const tried = async (retryOn: RetryOptions['retryOn'], error: unknown) => {
    const { value } = await autojump(async () => {
      await using manager = await start()
      const handle = manager.spawn(() => Promise.reject(error), { retry: { retries: 1, wait: 1, retryOn } as never })
      await handle.catch(() => {})
      return handle.record().attempt
    })
    return value === 2
  }
  const foreign = (source: string): unknown => runInNewContext(source)

  it('takes the errors of another realm by their names', async () => {
    expect(await tried(TypeError, foreign('new TypeError()'))).toBe(true)
    expect(await tried(Error, foreign('new TypeError()'))).toBe(true)
    expect(await tried(RangeError, foreign('new TypeError()'))).toBe(false)
    class HttpError extends Error {}
    expect(await tried(HttpError, foreign('new (class HttpError extends Error {})'))).toBe(true)
    expect(await tried(HttpError, foreign(`Object.assign(new Error(), { name: 'HttpError' })`))).toBe(true)
    expect(await tried(HttpError, foreign('new (class OtherError extends Error {})'))).toBe(false)
  })

  it('of another realm takes errors of its own realm and of this one', async () => {
    const { Theirs, error } = foreign('({ Theirs: TypeError, error: new TypeError() })') as {
      Theirs: TypeErrorConstructor
      error: unknown
    }
    expect(await tried(Theirs, error)).toBe(true)
    expect(await tried(Theirs, new TypeError())).toBe(true)
    expect(await tried(Theirs, new RangeError())).toBe(false)
  })

  it('takes no error of this realm that only has its name', async () => {
    const Mine = class HttpError extends Error {}
    expect(await tried(Mine, new (class HttpError extends Error {})())).toBe(false)
  })

  it('of the old kind counts as one', async () => {
    function OldError() {}
    OldError.prototype = Object.create(Error.prototype)
    expect(await tried(OldError as never, Object.create(OldError.prototype))).toBe(true)
    expect(await tried(OldError as never, boom)).toBe(false)
  })

  it.each<[string, unknown]>([
    ['Map', Map],
    ['Promise', Promise],
    ['Boolean', Boolean],
    ['AbortController', AbortController],
    ['Response', class Response {}],
    ['Set', foreign('Set')],
  ])('is refused at the call when its instances are no errors: %s', async (name, wrong) => {
    await using manager = await start()
    const retry = { retries: 1, retryOn: wrong as never }
    expect(() => manager.spawn(failing, { retry })).toThrow(TypeError)
    expect(() => manager.spawn(failing, { retry })).toThrow(
      `retry.retryOn must be classes of errors or predicates, got the class "${name}"`,
    )
    expect(manager.stats().pending).toBe(0)
  })

  it.each<[string, (error: unknown) => boolean]>([
    ['an arrow', error => error === boom],
    [
      'a function',
      function isBoom(error) {
        return error === boom
      },
    ],
    ['a bound one', ((error: unknown) => error === boom).bind(null)],
    ['a mock', vi.fn(error => error === boom)],
    ['a proxy', new Proxy((error: unknown) => error === boom, {})],
    [
      'a proxy of a function',
      new Proxy(function isBoom(error: unknown) {
        return error === boom
      }, {}),
    ],
  ])('is not what a predicate is taken for: %s', async (_, predicate) => {
    expect(await tried(predicate, boom)).toBe(true)
    expect(await tried(predicate, new Error('other'))).toBe(false)
  })
})
