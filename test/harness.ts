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

/** Loom in 25 lines: depth-first over every order in which parked gates may be opened. */
export async function exploreAll(run: (park: (label: string) => Promise<void>) => Promise<void>, limit = 20_000) {
  const stack: { options: number; pick: number }[] = []
  let runs = 0
  do {
    let depth = 0
    const trace: string[] = []
    const parked: { label: string; open: () => void }[] = []
    const park = (label: string) => new Promise<void>(open => parked.push({ label, open }))
    let done = false
    const p = run(park).finally(() => {
      done = true
    })
    p.catch(() => {})
    for (;;) {
      await settle()
      if (done) break
      if (!parked.length) throw new Error(`deadlock after [${trace.join(' ')}]`)
      if (depth === stack.length) stack.push({ options: parked.length, pick: 0 })
      const at = stack[depth++]!
      if (at.options !== parked.length) throw new Error('non-deterministic replay')
      const [g] = parked.splice(at.pick, 1)
      trace.push(g!.label)
      g!.open()
    }
    try {
      await p
    } catch (e) {
      throw new Error(`schedule [${trace.join(' ')}]: ${(e as Error).message}`, { cause: e })
    }
    while (stack.length && stack.at(-1)!.pick + 1 >= stack.at(-1)!.options) stack.pop()
    if (stack.length) stack.at(-1)!.pick++
    if (++runs > limit) throw new Error('state space too large')
  } while (stack.length)
  return runs
}
