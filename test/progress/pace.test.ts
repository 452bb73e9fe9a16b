import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Pace } from '../../src/progress/pace.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

describe('Pace', () => {
  it('shows the first news an interval after it was made, and later ones at most that often', () => {
    const shown: number[] = []
    const start = performance.now()
    const pace = new Pace(100, () => shown.push(performance.now() - start))
    for (let passed = 0; passed < 350; passed += 10) {
      pace.news()
      vi.advanceTimersByTime(10)
    }
    expect(shown).toEqual([100, 200, 300])
  })

  it('shows news at once after a long silence', () => {
    const show = vi.fn()
    const pace = new Pace(100, show)
    vi.advanceTimersByTime(1_000)
    pace.news()
    vi.advanceTimersByTime(1)
    expect(show).toHaveBeenCalledOnce()
  })

  it('has no timer without news, and none after stop', () => {
    const pace = new Pace(100, () => {})
    expect(vi.getTimerCount()).toBe(0)
    pace.news()
    pace.news()
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(100)
    expect(vi.getTimerCount()).toBe(0)
    pace.news()
    pace.stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('shows news while synchronous work lets no timer fire', () => {
    const show = vi.fn()
    const pace = new Pace(100, show)
    let time = performance.now()
    const blocked = vi.spyOn(performance, 'now').mockImplementation(() => time)
    for (let passed = 0; passed < 1_000; passed += 10) {
      time += 10
      pace.news()
    }
    blocked.mockRestore()
    expect(show.mock.calls.length).toBeGreaterThan(3)
    expect(show.mock.calls.length).toBeLessThan(10)
  })

  it('waits an interval that is longer than any timer', () => {
    const show = vi.fn()
    const pace = new Pace(2 ** 40, show)
    pace.news()
    vi.advanceTimersByTime(2 ** 32)
    expect(show).not.toHaveBeenCalled()
    pace.stop()
  })
})
