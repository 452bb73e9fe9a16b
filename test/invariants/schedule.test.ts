import fc from 'fast-check'
import { afterAll, beforeAll, describe, it, vi } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import { patience, runs } from '../fuzz/runs.ts'
import { settle } from '../harness.ts'
import { describeDeed, type Plan, plan } from './plan.ts'
import { Witness } from './witness.ts'

const USUAL = 750

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
})
afterAll(() => {
  vi.useRealTimers()
})

/** Runs a whole plan: the scheduler decides when each deed is done and each pause of a body ends. */
async function live(scheduler: fc.Scheduler, { deeds, careful, ...options }: Plan): Promise<void> {
  vi.clearAllTimers()
  const witness: Witness = new Witness(
    await TaskManager.start({
      maxTasks: options.maxTasks,
      closeTimeout: options.closeTimeout,
      cleanupTimeout: options.cleanupTimeout,
      logger: {
        error() {
          if (options.rude) throw new Error('a rude logger')
        },
      },
      onError(error, record) {
        witness.told(error, record.id)
        if (options.rude) throw new Error('a rude onError')
      },
    }),
    { deeds, careful, ...options },
    label => scheduler.schedule(Promise.resolve(), label),
  )
  for (const deed of deeds) scheduler.schedule(Promise.resolve(), describeDeed(deed)).then(() => witness.act(deed))
  await runOut(scheduler, witness, careful)
  witness.close({ timeout: options.closeTimeout, pending: 'run' })
  await runOut(scheduler, witness, careful)
  await witness.checkEnd()
  if (vi.getTimerCount() > 0) witness.violations.push(`invariant 13: ${vi.getTimerCount()} timers left behind`)
  if (witness.violations.length > 0) throw new Error(witness.violations.join('\n'))
}

/** Time passes only when nothing is runnable: when a deed asks for it, and when nothing else is left to happen. */
async function runOut(scheduler: fc.Scheduler, witness: Witness, careful: boolean): Promise<void> {
  for (;;) {
    while (scheduler.count() > 0) {
      await scheduler.waitNext(1)
      if (careful || witness.ticksWanted > 0) await settle()
      if (careful) witness.check()
      if (witness.ticksWanted === 0) continue
      witness.ticksWanted = 0
      if (vi.getTimerCount() > 0) vi.advanceTimersToNextTimer()
    }
    await settle()
    if (scheduler.count() > 0) continue
    witness.check()
    if (vi.getTimerCount() === 0) return
    vi.advanceTimersToNextTimer()
    await settle()
  }
}

describe('invariants 1 to 11, 13 and 15, under any schedule', () => {
  it(
    'hold whatever is spawned, cancelled, paused and closed, in whatever order the work goes on',
    async () => {
      const property = fc.asyncProperty(fc.scheduler(), plan, live)
      await fc.assert(property, runs(USUAL))
    },
    patience(USUAL),
  )
})
