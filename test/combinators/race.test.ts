import { describe, expect, it } from 'vitest'
import { any, DeadlockError, race, type TaskHandle, TaskManager, TaskTimeoutError } from '../../src/index.ts'
import { runVirtual } from '../../src/testing.ts'
import { delay, failureOf, forever, untilAborted } from '../work.ts'
import { listenersOf } from './listeners.ts'

/** Runs that end after so long, or take so long to stop, and what happened when. */
async function runners(manager: TaskManager) {
  const log: string[] = []
  const endsIn = (ms: number, result: unknown = ms): TaskHandle<unknown> =>
    manager.spawn(async () => {
      await delay(ms)
      if (result instanceof Error) throw result
      return result
    })
  const stoppedIn = (ms: number): TaskHandle<unknown> =>
    manager.spawn(async ({ signal }) => {
      try {
        await untilAborted(signal, ms)
      } finally {
        log.push(`stopped after ${ms}`)
      }
    })
  return { log, endsIn, stoppedIn }
}

async function virtually(body: (manager: TaskManager) => Promise<void>): Promise<number> {
  const { elapsed } = await runVirtual(async () => {
    await using manager = await TaskManager.start(20)
    await body(manager)
  })
  return elapsed
}

describe('race', () => {
  it('gives the first that ends, once the others have stopped', async () => {
    const elapsed = await virtually(async manager => {
      const { log, endsIn, stoppedIn } = await runners(manager)
      const slow = stoppedIn(50)
      expect(await race([slow, endsIn(20), stoppedIn(30)])).toBe(20)
      expect(log).toEqual(['stopped after 30', 'stopped after 50'])
      expect(slow.status).toBe('cancelled')
      expect(manager.stats()).toMatchObject({ running: 0, stopping: 0 })
    })
    expect(elapsed).toBe(70)
  })

  it('throws what the first failed with, by identity, once the others have stopped', async () => {
    await virtually(async manager => {
      const { log, endsIn, stoppedIn } = await runners(manager)
      const error = new Error('first')
      expect(await failureOf(race(endsIn(10, error), stoppedIn(5)))).toBe(error)
      expect(log).toEqual(['stopped after 5'])
    })
  })

  it('never starts a loser that was pending', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start(1)
      let started = false
      const first = manager.spawn(() => delay(5, 'first'))
      const second = manager.spawn(() => {
        started = true
      })
      expect(await race(first, second)).toBe('first')
      expect(second.status).toBe('cancelled')
      expect(started).toBe(false)
    })
  })

  it('takes of those that have ended already the first in the list', async () => {
    await virtually(async manager => {
      const early = manager.spawn(() => 'early')
      const late = manager.spawn(() => delay(5, 'late'))
      await delay(10)
      expect(await race([manager.spawn(forever), late, early])).toBe('late')
    })
  })

  it('lets the losers go on with `keep`, and holds nothing of them', async () => {
    await virtually(async manager => {
      const { endsIn } = await runners(manager)
      const loser = endsIn(100)
      expect(await race([endsIn(10), loser], { losers: 'keep' })).toBe(10)
      expect(loser.status).toBe('running')
      expect(listenersOf(loser)).toBe(0)
      expect(await loser).toBe(100)
    })
  })

  it('tells nobody else of losers that fail', async () => {
    const told: unknown[] = []
    await runVirtual(async () => {
      await using manager = await TaskManager.start({ onError: error => told.push(error) })
      const rude = manager.spawn(async ({ signal }) => {
        await untilAborted(signal).catch(() => {})
        throw new Error('rude')
      })
      expect(
        await race(
          manager.spawn(() => delay(5, 'won')),
          rude,
        ),
      ).toBe('won')
    })
    expect(told).toEqual([])
  })

  it('cancels all of them at its timeout and at its signal, and rejects once they have stopped', async () => {
    await virtually(async manager => {
      const { log, stoppedIn } = await runners(manager)
      const late = failureOf(race([stoppedIn(5), stoppedIn(1)], { timeout: 10 }))
      expect(await late).toBeInstanceOf(TaskTimeoutError)
      expect(log).toEqual(['stopped after 1', 'stopped after 5'])
      const controller = new AbortController()
      const aborted = failureOf(race([stoppedIn(5)], { signal: controller.signal }))
      controller.abort('enough')
      expect(await aborted).toBe('enough')
      expect(manager.stats()).toMatchObject({ running: 0, stopping: 0, cancelled: 3 })
    })
  })

  it('refuses what it cannot race', async () => {
    await using manager = await TaskManager.start()
    const handle = manager.spawn(() => 1)
    expect(await failureOf(race([]))).toBeInstanceOf(RangeError)
    expect(await failureOf(race([Promise.resolve(1) as unknown as TaskHandle<number>]))).toBeInstanceOf(TypeError)
    expect(await failureOf(race([handle], { loosers: 'keep' } as object))).toMatchObject({
      message: expect.stringContaining('losers'),
    })
    expect(await failureOf(race([handle], { losers: 'kill' as 'keep' }))).toBeInstanceOf(RangeError)
    let error: unknown
    const self: TaskHandle<unknown> = manager.spawn(async () => {
      error = await failureOf(race<unknown>([self, handle]))
    })
    await self
    expect(error).toBeInstanceOf(DeadlockError)
  })
})

describe('any', () => {
  it('gives the first success, whatever failed before, once the others have stopped', async () => {
    await virtually(async manager => {
      const { log, endsIn, stoppedIn } = await runners(manager)
      expect(await any([endsIn(5, new Error('no')), endsIn(10, 'yes'), stoppedIn(30)])).toBe('yes')
      expect(log).toEqual(['stopped after 30'])
    })
  })

  it('rejects with all errors in the order of the handles when there is none', async () => {
    await virtually(async manager => {
      const { endsIn } = await runners(manager)
      const [first, second] = [new Error('1'), new Error('2')]
      const error = (await failureOf(any(endsIn(20, first), endsIn(10, second)))) as AggregateError
      expect(error).toBeInstanceOf(AggregateError)
      expect(error.errors.map(each => [first, second].indexOf(each))).toEqual([0, 1])
      expect(await failureOf(any([]))).toMatchObject({ errors: [] })
    })
  })

  it('counts a cancelled task as none', async () => {
    await virtually(async manager => {
      const { endsIn, stoppedIn } = await runners(manager)
      const cancelled = stoppedIn(1)
      const result = any(cancelled, endsIn(20, 'yes'))
      await cancelled.cancel()
      expect(await result).toBe('yes')
    })
  })
})
