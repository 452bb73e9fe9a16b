import { vi } from 'vitest'

/** Let every queued microtask and every ready effection step run. `setImmediate` must stay real. */
export const settle = () => new Promise<void>(r => setImmediate(r))

/**
 * Trio's autojump clock for vitest: run `body`, and whenever nothing is runnable jump to the next timer.
 * Nothing runnable and no timer left means nobody can ever wake up: that is a deadlock, fail with a name.
 */
export async function autojump<T>(body: () => Promise<T>, horizon = 3_600_000): Promise<{ value: T; elapsed: number }> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
  try {
    const t0 = performance.now()
    let done = false
    const p = body().finally(() => {
      done = true
    })
    p.catch(() => {})
    for (;;) {
      // A settle of the body is queued behind this one: it must have its turn before nothing counts as runnable.
      do await settle()
      while (process.getActiveResourcesInfo().includes('Immediate'))
      if (done) break
      if (vi.getTimerCount() === 0)
        throw new Error(`deadlock at t=${performance.now() - t0}ms: nothing runnable, no timer armed`)
      await vi.advanceTimersToNextTimerAsync()
      if (performance.now() - t0 > horizon) throw new Error(`livelock: passed ${horizon}ms of virtual time`)
    }
    return { value: await p, elapsed: performance.now() - t0 }
  } finally {
    vi.useRealTimers()
  }
}

/** Waits, as long as a busy machine may need, until the condition holds, and gives what it gave. */
export const until = <T>(condition: () => T | Promise<T>) => vi.waitUntil(condition, { timeout: 50_000, interval: 5 })
