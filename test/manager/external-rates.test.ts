import { describe, expect, it } from 'vitest'
import { callLimit, type ExternalLimit, limits, resourceLimit, type TaskHandle, TaskManager } from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'
import { elapse } from '../invariants/work.ts'

const start = (maxTasks: number) => TaskManager.start({ maxTasks, logger: false })

/** A limiter of another library: so many calls in each window, and an answer takes its time. */
function theirs(count: number, per: number, latency = 1) {
  const rate = callLimit(count, per)
  const state = { asked: 0, held: 0 }
  const limit: ExternalLimit = {
    async acquire() {
      state.asked += 1
      await elapse(latency)
      await rate.acquire()
      state.held += 1
      return { release: () => void (state.held -= 1) }
    },
  }
  return { limit, state }
}

function expectRate(starts: readonly number[], count: number, per: number): void {
  for (const [index, time] of starts.entries()) {
    const next = starts[index + count]
    if (next !== undefined) expect(next - time, `call ${index + count}`).toBeGreaterThanOrEqual(per)
  }
}

describe.each([
  ['an external limit', (external: ExternalLimit) => external],
  [
    'a set with an external member',
    (external: ExternalLimit) => limits([resourceLimit({ key: 'db', capacity: 99 }), external]),
  ],
])('the rate of %s', (_, make) => {
  it('counts when the call starts, while other tasks have the slots', async () => {
    await autojump(async () => {
      await using manager = await start(3)
      const { limit, state } = theirs(3, 100)
      const starts: number[] = []
      for (let i = 0; i < 3; i += 1) manager.spawn(() => elapse(1_000))
      await settle()
      const set = make(limit)
      const all = Array.from({ length: 12 }, () => manager.spawn(() => starts.push(performance.now()), { limits: set }))
      await elapse(500)
      expect(state.asked).toBe(0)
      await Promise.all(all)
      expectRate(starts, 3, 100)
      expect(state.held).toBe(0)
    })
  })

  it('counts when the call starts, after a pause', async () => {
    await autojump(async () => {
      await using manager = await start(100)
      const { limit, state } = theirs(3, 100)
      const starts: number[] = []
      manager.pause()
      const set = make(limit)
      const all = Array.from({ length: 12 }, () => manager.spawn(() => starts.push(performance.now()), { limits: set }))
      await elapse(1_000)
      expect(state.asked).toBe(0)
      manager.resume()
      await settle()
      manager.pause()
      await elapse(1_000)
      expect(starts).toEqual([])
      expect(state.held).toBe(0)
      manager.resume()
      await Promise.all(all)
      expectRate(starts, 3, 100)
    })
  })

  it('is asked by no more tasks than there are free slots', async () => {
    await autojump(async () => {
      await using manager = await start(2)
      const { limit, state } = theirs(1, 1_000)
      const set = make(limit)
      for (let i = 0; i < 10; i += 1) manager.spawn(() => 1, { limits: set })
      await elapse(500)
      expect(state.asked).toBeLessThanOrEqual(3)
      await manager.cancelAll()
    })
  })
})

describe('a task that waits for an external limit', () => {
  it('holds up nobody, and gets a slot however busy the manager is', async () => {
    await autojump(async () => {
      await using manager = await start(1)
      const { limit } = theirs(1, 50, 5)
      let unlimited = 0
      let stop = false
      const more = (): TaskHandle<void> =>
        manager.spawn(async () => {
          unlimited += 1
          if (!stop) void more()
          await elapse(10)
        })
      const limited = manager.spawn(() => unlimited, { limits: limit })
      for (let i = 0; i < 5; i += 1) void more()
      expect(await limited).toBeGreaterThan(0)
      stop = true
    })
  })

  it('gets a slot also where each grant is spent, given back or not', async () => {
    await autojump(async () => {
      await using manager = await start(1)
      const rate = callLimit(1, 350)
      const spent: ExternalLimit = { acquire: () => rate.acquire() }
      await rate.acquire()
      let stop = false
      const more = (): TaskHandle<void> =>
        manager.spawn(async () => {
          if (!stop) void more()
          await elapse(10)
        })
      const limited = manager.spawn(() => 'ran', { limits: spent })
      for (let i = 0; i < 5; i += 1) void more()
      expect(await limited).toBe('ran')
      stop = true
    })
  })
})
