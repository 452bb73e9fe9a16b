import { sleep } from 'effection'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { limits, resourceLimit, type TaskHandle, TaskManager, type Work } from '../../src/index.ts'
import { runs } from '../fuzz/runs.ts'
import { autojump } from '../harness.ts'
import { elapse } from '../invariants/work.ts'

type Plan = {
  readonly arrival: number
  readonly kind: 'hearing' | 'deaf' | 'operation'
  readonly steps: readonly { readonly lasts: number; readonly ends: 'result' | 'refused' | 'error' }[]
  readonly cleanup: number
  readonly cost: { readonly a: number; readonly b: number }
  readonly retries: number
  readonly timeout: number | undefined
  readonly deadline: number | undefined
  readonly cancelAfter: number | undefined
}

const CAPACITY = { a: 1, b: 3 }
const optional = (max: number) => fc.option(fc.integer({ min: 1, max }), { nil: undefined, freq: 2 })

const anyPlan: fc.Arbitrary<Plan> = fc.record({
  arrival: fc.nat(200),
  kind: fc.constantFrom('hearing', 'deaf', 'operation'),
  steps: fc.array(fc.record({ lasts: fc.nat(80), ends: fc.constantFrom('result', 'refused', 'error') }), {
    minLength: 4,
    maxLength: 4,
  }),
  cleanup: fc.nat(60),
  cost: fc.record({ a: fc.nat(1), b: fc.nat(3) }),
  retries: fc.nat(3),
  timeout: optional(60),
  deadline: optional(300),
  cancelAfter: optional(300),
})

/** The work of a plan; `inside` is told of each attempt that comes in and goes. */
function workOf({ kind, steps, cleanup }: Plan, inside: (change: 1 | -1) => void): Work<unknown> {
  const endOf = (attempt: number) => {
    const { ends } = steps[attempt - 1] as Plan['steps'][number]
    if (ends === 'error') throw new Error('planned')
    return ends
  }
  const lasts = (attempt: number) => steps[attempt - 1]?.lasts ?? 0
  if (kind === 'operation') {
    return function* ({ attempt }) {
      inside(1)
      try {
        yield* sleep(lasts(attempt))
        return endOf(attempt)
      } finally {
        // A halt that arrives in here cuts the rest of this block short.
        try {
          yield* sleep(cleanup)
        } finally {
          inside(-1)
        }
      }
    }
  }
  return async context => {
    inside(1)
    try {
      const aborted = kind === 'deaf' ? undefined : abortOf(context.signal, cleanup)
      await Promise.race([elapse(lasts(context.attempt)), ...(aborted === undefined ? [] : [aborted])])
      return endOf(context.attempt)
    } finally {
      inside(-1)
    }
  }
}

function abortOf(signal: AbortSignal, cleanup: number): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => setTimeout(() => reject(signal.reason), cleanup)),
  )
}

describe('random plans of limits, retries, timeouts and cancels', () => {
  it('overstep nothing, settle every handle, and leave limits, counts and timers clean', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyPlan, { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 1, max: 4 }),
        fc.option(fc.nat(300), { nil: undefined }),
        async (plans, maxTasks, closeAt) => {
          await autojump(async () => {
            // No stop takes as long as this, but for deaf work: nothing may run beside its slot before.
            const manager = await TaskManager.start({ maxTasks, cleanupTimeout: 100, logger: false })
            const only = {
              a: resourceLimit({ key: 'a', capacity: CAPACITY.a }),
              b: resourceLimit({ key: 'b', capacity: CAPACITY.b }),
            }
            const both = limits([only.a, only.b])
            const held = { a: 0, b: 0, slots: 0 }
            const overstepped: object[] = []
            const handles: TaskHandle<unknown>[] = []

            const spawn = (plan: Plan) => {
              const { cost, retries, timeout, deadline, cancelAfter } = plan
              const inside = (change: 1 | -1) => {
                held.slots += change
                held.a += change * cost.a
                held.b += change * cost.b
                // Kept for later: thrown in here, it would be the task's own error.
                if (held.slots > maxTasks || held.a > CAPACITY.a || held.b > CAPACITY.b) overstepped.push({ ...held })
              }
              const handle = manager.spawn(workOf(plan, inside), {
                limits: both,
                cost,
                retry: { retries, wait: 10, retryUntil: result => result !== 'refused' },
                ...(timeout !== undefined && { timeout }),
                ...(deadline !== undefined && { deadline }),
              })
              handle.catch(() => {})
              handles.push(handle)
              if (cancelAfter !== undefined) setTimeout(() => void handle.cancel(), cancelAfter)
            }

            await Promise.all(
              plans.map(async plan => {
                await elapse(plan.arrival)
                if (!manager.stats().closed) spawn(plan)
                const { pending, running, stopping, done, failed, cancelled } = manager.stats()
                expect(pending + running + stopping + done + failed + cancelled).toBe(handles.length)
                if (closeAt !== undefined && plan === plans[0])
                  setTimeout(() => void manager.close({ timeout: 50 }), closeAt)
              }),
            )
            if (closeAt === undefined) await manager.drain()
            await manager.close()
            for (const handle of handles) expect(handle.done()).toBe(true)
            const ended = { done: 0, failed: 0, cancelled: 0 }
            for (const handle of handles) ended[handle.status as keyof typeof ended] += 1
            expect(manager.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0, abandoned: 0, ...ended })
            expect(both.stats()).toMatchObject({ a: { used: 0, waiting: 0 }, b: { used: 0, waiting: 0 } })
            for (const handle of handles) {
              const { attempt, attempts } = handle.record()
              expect(attempts).toHaveLength(attempt)
            }
            // Cancels that are still to come find nothing to do.
            await elapse(1000)
            expect(overstepped).toEqual([])
            expect(held).toEqual({ a: 0, b: 0, slots: 0 })
            expect(vi.getTimerCount()).toBe(0)
          })
        },
      ),
      runs(50),
    )
  })
})
