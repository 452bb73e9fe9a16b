import { describe, expect, it, vi } from 'vitest'
import { now, WallClock } from '../../src/base/clock.ts'
import { autojump } from '../harness.ts'
import { delay } from '../work.ts'

const HOUR = 3_600_000

/** By how much the clock of the system says more now than at first. */
const set = (by: number) => void vi.setSystemTime(Date.now() + by)

describe('WallClock', () => {
  it('follows the clock of the system, whichever way it is set', async () => {
    await autojump(async () => {
      const clock = new WallClock()
      for (const by of [0, HOUR, -2 * HOUR, 101, -101]) {
        await delay(2_000)
        set(by)
        expect(now() + clock.offset).toBe(Date.now())
      }
    })
  })

  it('leaves what has ended its times', async () => {
    await autojump(async () => {
      const clock = new WallClock()
      const ends: { readonly at: number; readonly said: number }[] = []
      for (const by of [HOUR, -HOUR, HOUR]) {
        await delay(1_000)
        const at = now()
        ends.push({ at, said: at + clock.offsetAt(at) })
        expect(ends.at(-1)?.said).toBe(Date.now())
        await delay(1_000)
        set(by)
        clock.offset
      }
      for (const { at, said } of ends) expect(at + clock.offsetAt(at)).toBe(said)
    })
  })

  it('learns of a change from what ended after it, however late it is asked', async () => {
    await autojump(async () => {
      const clock = new WallClock()
      await delay(1_000)
      set(-HOUR)
      const [at, said] = [now(), Date.now()]
      await delay(HOUR / 2)
      expect(at + clock.offsetAt(at)).toBe(said)
    })
  })

  it('takes a pause of the process for no change', async () => {
    await autojump(async () => {
      const clock = new WallClock()
      const { offset } = clock
      const said = vi.spyOn(Date, 'now').mockImplementationOnce(() => {
        vi.advanceTimersByTime(5_000)
        said.mockRestore()
        return Date.now()
      })
      expect(clock.offset).toBe(offset)
      expect(now() + clock.offset).toBe(Date.now())
    })
  })

  it('remembers only so many changes, and the last of them for all that ended before', async () => {
    await autojump(async () => {
      const clock = new WallClock()
      const first = now()
      for (let index = 0; index < 100; index += 1) {
        await delay(1_000)
        set(HOUR)
        expect(now() + clock.offset).toBe(Date.now())
      }
      expect(first + clock.offsetAt(first)).toBeLessThan(Date.now())
    })
  })
})
