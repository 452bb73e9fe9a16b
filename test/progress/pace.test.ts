import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { pace } from '../../src/progress/pace.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

describe('pace', () => {
  it('shows the first news an interval after it was made, and later ones at most that often', () => {
    const shown: number[] = []
    const start = performance.now()
    const paced = pace(100, () => shown.push(performance.now() - start))
    for (let passed = 0; passed < 350; passed += 10) {
      paced.news()
      vi.advanceTimersByTime(10)
    }
    expect(shown).toEqual([100, 200, 300])
  })

  it('shows news at once after a long silence', () => {
    const show = vi.fn()
    const paced = pace(100, show)
    vi.advanceTimersByTime(1_000)
    paced.news()
    vi.advanceTimersByTime(1)
    expect(show).toHaveBeenCalledOnce()
  })

  it('has no timer without news, and none after stop', () => {
    const paced = pace(100, () => {})
    expect(vi.getTimerCount()).toBe(0)
    paced.news()
    paced.news()
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(100)
    expect(vi.getTimerCount()).toBe(0)
    paced.news()
    paced.stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('shows news while synchronous work lets no timer fire', () => {
    const show = vi.fn()
    const paced = pace(100, show)
    let time = performance.now()
    const blocked = vi.spyOn(performance, 'now').mockImplementation(() => time)
    for (let passed = 0; passed < 1_000; passed += 10) {
      time += 10
      paced.news()
    }
    blocked.mockRestore()
    expect(show.mock.calls.length).toBeGreaterThan(3)
    expect(show.mock.calls.length).toBeLessThan(10)
  })

  it('waits an interval that is longer than any timer', () => {
    const show = vi.fn()
    const paced = pace(2 ** 40, show)
    paced.news()
    vi.advanceTimersByTime(2 ** 32)
    expect(show).not.toHaveBeenCalled()
    paced.stop()
  })
})
