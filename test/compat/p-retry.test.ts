import { describe, expect, it, vi } from 'vitest'
import pRetry, { AbortError, makeRetriable, type RetryContext } from '../../src/compat/p-retry.ts'
import { createGate, runVirtual } from '../../src/testing.ts'
import { settle } from '../harness.ts'

/** Fails so often, and then gives the number of the attempt. */
function flaky(failures: number, error: (attempt: number) => unknown = n => new Error(`attempt ${n}`)) {
  return (attempt: number) => {
    if (attempt <= failures) throw error(attempt)
    return attempt
  }
}

describe('pRetry', () => {
  it('calls at once, with the number of the attempt, and gives its result', async () => {
    let called = 0
    const outcome = pRetry(attempt => {
      called = attempt
      return 'value'
    })
    expect(called).toBe(1)
    expect(await outcome).toBe('value')
  })

  it('tries ten times more, ever later, and rejects with the last error', async () => {
    const starts: number[] = []
    const { elapsed } = await runVirtual(async () => {
      const start = performance.now()
      const outcome = pRetry(attempt => {
        starts.push(Math.round(performance.now() - start))
        throw new Error(`attempt ${attempt}`)
      })
      await expect(outcome).rejects.toThrow('attempt 11')
    })
    expect(starts.slice(0, 5)).toEqual([0, 1_000, 3_000, 7_000, 15_000])
    expect(elapsed).toBe(1_023_000)
  })

  it('counts retries: 0 is a single attempt', async () => {
    await expect(pRetry(flaky(1), { retries: 0 })).rejects.toThrow('attempt 1')
    await runVirtual(async () => expect(await pRetry(flaky(2), { retries: 2 })).toBe(3))
  })

  it.each([
    [{ factor: 3, minTimeout: 10 }, [10, 30, 90]],
    [{ factor: 0, minTimeout: 10 }, [10, 10, 10]],
    [{ minTimeout: 10, maxTimeout: 15 }, [10, 15, 15]],
    [{ minTimeout: 0 }, [0, 0, 0]],
  ])('waits with %j for %j', async (options, delays) => {
    const told: number[] = []
    await runVirtual(() =>
      pRetry(flaky(3), { ...options, onFailedAttempt: ({ retryDelay }) => void told.push(retryDelay) }),
    )
    expect(told).toEqual(delays)
  })

  it('spreads delays from once to twice with randomize', async () => {
    const told: number[] = []
    const onFailedAttempt = ({ retryDelay }: RetryContext) => void told.push(retryDelay)
    await runVirtual(() => pRetry(flaky(5), { randomize: true, factor: 1, minTimeout: 100, onFailedAttempt }))
    for (const delay of told) expect(delay >= 100 && delay <= 200).toBe(true)
    expect(new Set(told).size).toBeGreaterThan(1)
  })

  it('rejects with the very error that was thrown', async () => {
    const error = new RangeError('its own')
    await expect(pRetry(() => Promise.reject(error), { retries: 0 })).rejects.toBe(error)
  })

  it('says what was thrown when that was no error, and does not retry it', async () => {
    let calls = 0
    const outcome = pRetry(() => {
      calls += 1
      throw 'text'
    })
    await expect(outcome).rejects.toThrow(/Non-error was thrown: "text"/)
    expect(calls).toBe(1)
  })

  it("does not retry a TypeError, except a network's", async () => {
    await expect(pRetry(flaky(1, () => new TypeError('a mistake')))).rejects.toThrow('a mistake')
    for (const message of ['fetch failed', 'Failed to fetch', 'Failed to fetch (example.com)', 'terminated']) {
      expect(
        await pRetry(
          flaky(1, () => new TypeError(message)),
          { minTimeout: 0 },
        ),
      ).toBe(2)
    }
  })

  it('goes on with the stack of where it was called', async () => {
    async function outermost() {
      return await pRetry(flaky(1), { retries: 0 })
    }
    const error = (await outermost().catch(reason => reason)) as Error
    expect(error.stack).toContain('outermost')
  })

  it.each([
    ['retries', -1],
    ['retries', 1.5],
    ['retries', Number.NaN],
    ['retries', '3'],
    ['factor', -1],
    ['factor', Number.POSITIVE_INFINITY],
    ['minTimeout', -1],
    ['minTimeout', Number.POSITIVE_INFINITY],
    ['maxTimeout', '5'],
    ['maxRetryTime', Number.NaN],
    ['randomize', 1],
    ['unref', 'yes'],
    ['onFailedAttempt', {}],
    ['shouldRetry', true],
    ['shouldConsumeRetry', 1],
    ['signal', {}],
  ])('refuses %s: %j, and calls nothing', async (option, value) => {
    const input = vi.fn()
    await expect(pRetry(input, { [option]: value })).rejects.toThrow(`Expected \`${option}\``)
    expect(input).not.toHaveBeenCalled()
  })

  it('takes null for nothing, and refuses forever', async () => {
    expect(await pRetry(() => 1, { retries: null, signal: null, unref: null } as never)).toBe(1)
    await expect(pRetry(() => 1, { forever: true } as never)).rejects.toThrow(/no longer supported/)
  })
})

describe('AbortError', () => {
  it('ends the retries with what is inside of it, and asks no callback', async () => {
    const onFailedAttempt = vi.fn()
    const inner = new Error('inside')
    const outcome = pRetry(
      flaky(1, () => new AbortError(new AbortError(inner))),
      { onFailedAttempt },
    )
    await expect(outcome).rejects.toBe(inner)
    expect(onFailedAttempt).not.toHaveBeenCalled()
  })

  it('makes an error of a text', async () => {
    const error = new AbortError('a text')
    expect(error).toMatchObject({ name: 'AbortError', message: 'a text', originalError: { message: 'a text' } })
    await expect(pRetry(flaky(1, () => error))).rejects.toBe(error.originalError)
    expect(error.originalError).not.toBeInstanceOf(AbortError)
  })
})

describe('the callbacks', () => {
  it('are asked in order, and told how it stands', async () => {
    const log: unknown[] = []
    const note = (name: string) => (context: RetryContext) => {
      expect(Object.isFrozen(context)).toBe(true)
      const { error, ...rest } = context
      log.push([name, error.message, rest])
      return true
    }
    await runVirtual(() =>
      pRetry(flaky(1), {
        retries: 3,
        shouldConsumeRetry: note('shouldConsumeRetry'),
        onFailedAttempt: note('onFailedAttempt') as never,
        shouldRetry: note('shouldRetry'),
      }),
    )
    const context = { attemptNumber: 1, retriesLeft: 3, retriesConsumed: 0, retryDelay: 1_000 }
    expect(log).toEqual([
      ['shouldConsumeRetry', 'attempt 1', context],
      ['onFailedAttempt', 'attempt 1', context],
      ['shouldRetry', 'attempt 1', context],
    ])
  })

  it('are waited for', async () => {
    const gate = createGate()
    const outcome = pRetry(flaky(1), { minTimeout: 0, onFailedAttempt: () => gate })
    await settle()
    gate.open()
    expect(await outcome).toBe(2)
  })

  it.each(['onFailedAttempt', 'shouldRetry', 'shouldConsumeRetry'])('end the retries when %s throws', async name => {
    const error = new Error('the callback')
    const callback = () => {
      throw error
    }
    await expect(pRetry(flaky(1), { [name]: callback })).rejects.toBe(error)
  })

  it('end the retries when shouldRetry gives nothing', async () => {
    await expect(pRetry(flaky(1), { shouldRetry: () => undefined as never })).rejects.toThrow('attempt 1')
  })

  it('do not ask shouldRetry when no retries are left', async () => {
    const shouldRetry = vi.fn()
    await expect(pRetry(flaky(1), { retries: 0, shouldRetry })).rejects.toThrow('attempt 1')
    expect(shouldRetry).not.toHaveBeenCalled()
  })

  it('have a failure not count, and tried again without a delay', async () => {
    const told: RetryContext[] = []
    const { elapsed } = await runVirtual(() =>
      pRetry(flaky(3), {
        retries: 0,
        shouldConsumeRetry: () => false,
        shouldRetry: () => true,
        onFailedAttempt: context => void told.push(context),
      }).catch(error => error.message),
    )
    expect(elapsed).toBeLessThan(10)
    expect(told[0]).toMatchObject({ retriesConsumed: 0, retryDelay: 0 })
    const free = pRetry(flaky(3), { retries: 1, shouldConsumeRetry: () => false })
    expect(await free).toBe(4)
  })
})

describe('maxRetryTime', () => {
  it('ends the retries after so long, and shortens the last delay', async () => {
    const { elapsed } = await runVirtual(async () => {
      await expect(pRetry(flaky(99), { maxRetryTime: 2_500 })).rejects.toThrow('attempt 3')
    })
    expect(elapsed).toBe(2_500)
  })
})

describe('signal', () => {
  it('has nothing called when it is aborted already', async () => {
    const input = vi.fn()
    await expect(pRetry(input, { signal: AbortSignal.abort('before') })).rejects.toBe('before')
    expect(input).not.toHaveBeenCalled()
  })

  it('ends a delay at once, with its reason', async () => {
    const controller = new AbortController()
    const outcome = pRetry(flaky(9), { minTimeout: 1_000_000, signal: controller.signal })
    await settle()
    controller.abort('enough')
    await expect(outcome).rejects.toBe('enough')
  })

  it.each([true, false])('waits for the attempt that runs, and ignores what becomes of it (unref: %s)', async unref => {
    const controller = new AbortController()
    const gate = createGate()
    const log: string[] = []
    const outcome = pRetry(
      async () => {
        await gate
        log.push('attempt over')
        throw new Error('its own')
      },
      { signal: controller.signal, unref },
    ).catch(error => log.push(`rejected: ${error}`))
    await settle()
    controller.abort('enough')
    await settle()
    gate.open()
    await outcome
    expect(log).toEqual(['attempt over', 'rejected: enough'])
  })

  it('is not heard over a callback that throws', async () => {
    const controller = new AbortController()
    const outcome = pRetry(flaky(1), {
      signal: controller.signal,
      async onFailedAttempt() {
        controller.abort('enough')
        await settle()
        throw new Error('the callback')
      },
    })
    await expect(outcome).rejects.toThrow('the callback')
  })
})

describe('unref', () => {
  it('waits all the same while something else keeps the process alive', async () => {
    await runVirtual(async () => {
      expect(await pRetry(flaky(2), { unref: true, minTimeout: 50 })).toBe(3)
    })
  })

  it('ends the wait with the reason of the signal', async () => {
    const controller = new AbortController()
    const outcome = pRetry(flaky(9), { unref: true, minTimeout: 1_000_000, signal: controller.signal })
    await settle()
    controller.abort('enough')
    await expect(outcome).rejects.toBe('enough')
  })
})

describe('makeRetriable', () => {
  it('retries each call with its this and its arguments', async () => {
    const counter = {
      calls: 0,
      add: makeRetriable(
        function (this: { calls: number }, a: number, b: number) {
          this.calls += 1
          if (this.calls === 1) throw new Error('first')
          return a + b
        },
        { minTimeout: 0 },
      ),
    }
    expect(await counter.add(1, 2)).toBe(3)
    expect(counter.calls).toBe(2)
  })
})
