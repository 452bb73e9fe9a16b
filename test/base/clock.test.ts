import { describe, expect, it, vi } from 'vitest'
import { now, startTimer, type Timer } from '../../src/base/clock.ts'
import { autojump } from '../harness.ts'

const LONGEST = 2 ** 31 - 1

/** When, in virtual milliseconds from its start, a timer of `delay` fires. */
async function firedAt(delay: number): Promise<number> {
  const run = async () => {
    const started = performance.now()
    await new Promise<void>(resolve => startTimer(delay, resolve))
    return performance.now() - started
  }
  return (await autojump(run, Number.POSITIVE_INFINITY)).value
}

describe('now', () => {
  it('is a whole number of milliseconds that follows monotonic time', async () => {
    const { value } = await autojump(async () => {
      const started = now()
      await new Promise<void>(resolve => startTimer(1_500, resolve))
      return { started, passed: now() - started }
    })
    expect(Number.isInteger(value.started)).toBe(true)
    expect(value.passed).toBe(1_500)
  })

  it('does not follow a change of the date', async () => {
    await autojump(async () => {
      const before = now()
      vi.setSystemTime(0)
      expect(now()).toBe(before)
    })
  })
})

describe('startTimer', () => {
  it.each([1, 1_000, LONGEST - 1, LONGEST])('fires after %i ms', async delay => {
    expect(await firedAt(delay)).toBe(delay)
  })

  it.each([LONGEST + 1, 2 ** 32, 3 * LONGEST, 365 * 86_400_000])(
    'fires after %i ms, which is more than setTimeout takes',
    async delay => {
      expect(await firedAt(delay)).toBe(delay)
    },
  )

  it('never hands setTimeout more than it takes', async () => {
    await autojump(async () => {
      const { setTimeout } = globalThis
      const delays: unknown[] = []
      globalThis.setTimeout = ((fire: () => void, delay: number) => {
        delays.push(delay)
        return setTimeout(fire, delay)
      }) as typeof setTimeout
      await new Promise<void>(resolve => startTimer(3 * LONGEST + 5, resolve))
      globalThis.setTimeout = setTimeout
      expect(delays).toEqual([LONGEST, LONGEST, LONGEST, 5])
    }, Number.POSITIVE_INFINITY)
  })

  it('arms no timer for Infinity', async () => {
    await autojump(async () => {
      const timer = startTimer(Number.POSITIVE_INFINITY, () => expect.unreachable())
      expect(vi.getTimerCount()).toBe(0)
      timer.cancel()
    })
  })

  it('fires once', async () => {
    let fired = 0
    await autojump(async () => {
      startTimer(10, () => fired++)
      await new Promise<void>(resolve => startTimer(1_000, resolve))
    })
    expect(fired).toBe(1)
  })

  it('is disarmed by cancel, in its last piece too', async () => {
    const disarmed = async (delay: number, cancelAt: number) => {
      const timer = startTimer(delay, () => expect.unreachable())
      await new Promise<void>(resolve => startTimer(cancelAt, resolve))
      timer.cancel()
      expect(vi.getTimerCount()).toBe(0)
    }
    await autojump(async () => {
      await disarmed(1_000, 999)
      await disarmed(2 * LONGEST, LONGEST + 1)
    }, Number.POSITIVE_INFINITY)
  })

  it('may be cancelled twice, and after it fired, without a consequence for another', async () => {
    await autojump(async () => {
      let timer: Timer | undefined
      await new Promise<void>(resolve => {
        timer = startTimer(10, resolve)
      })
      timer?.cancel()
      timer?.cancel()
      await new Promise<void>(resolve => startTimer(10, resolve))
    })
  })
})
