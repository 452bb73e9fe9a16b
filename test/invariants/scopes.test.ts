import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { any, race, type TaskHandle, TaskManager, type TaskScope } from '../../src/index.ts'
import { exploreAll, runVirtual } from '../../src/testing.ts'
import { runs } from '../fuzz/runs.ts'
import { delay, failureOf } from '../work.ts'

describe('nothing that was started in a scope outlives it', () => {
  it('whatever the order of the ends of its body and tasks, a failure and an abort', async () => {
    const orders = await exploreAll(async park => {
      const manager = await TaskManager.start({ maxTasks: 2, cleanupTimeout: Number.POSITIVE_INFINITY })
      const controller = new AbortController()
      const alive = new Set<string>()
      const work = (name: string, error?: Error) => async () => {
        alive.add(name)
        await park(name)
        alive.delete(name)
        if (error !== undefined) throw error
      }
      const error = new Error('a task')
      const scoped = manager.scope(
        async scope => {
          scope.spawn(work('fails', error))
          scope.spawn(work('ends'))
          await park('body')
          return scope.spawn(work('spawned late'))
        },
        { signal: controller.signal },
      )
      const aborted = park('abort').then(() => controller.abort('enough'))
      const thrown = await failureOf(scoped)
      expect([error, 'enough']).toContain(thrown)
      expect([...alive]).toEqual([])
      expect(manager.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0 })
      await aborted
      await manager.close()
    })
    expect(orders).toBeGreaterThan(20)
  })

  it('nor the task that it is opened in, in whatever order that is cancelled and its parts end', async () => {
    const orders = await exploreAll(async park => {
      const manager = await TaskManager.start({ maxTasks: 4, cleanupTimeout: Number.POSITIVE_INFINITY })
      const alive = new Set<string>()
      const work = (name: string) => async (task: { signal: AbortSignal }) => {
        alive.add(name)
        await park(name)
        alive.delete(name)
        task.signal.throwIfAborted()
      }
      const task = manager.spawn(async () => {
        await manager.scope(async scope => {
          scope.spawn(() => manager.scope(inner => inner.spawn(work('within'))))
          scope.spawn(work('beside'))
          await park('body')
        })
        return 'whole'
      })
      let cancelled = false
      const cancel = park('cancel').then(async () => {
        cancelled = await task.cancel('enough')
        expect([...alive]).toEqual([])
      })
      const outcome = await task.catch(error => error.cause)
      expect([...alive]).toEqual([])
      expect(manager.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0 })
      await cancel
      expect(outcome).toBe(cancelled ? 'enough' : 'whole')
      await manager.close()
    })
    expect(orders).toBeGreaterThan(20)
  })

  /** A scope, its tasks and the scopes within, by numbers alone. */
  interface Plan {
    readonly tasks: readonly { readonly after: number; readonly fails: boolean; readonly deaf: boolean }[]
    readonly body: { readonly after: number; readonly fails: boolean }
    readonly deadline: number
    readonly failFast: boolean
    readonly inner: readonly Plan[]
  }

  const time = fc.nat(30)
  const { plan } = fc.letrec<{ plan: Plan }>(tie => ({
    plan: fc.record({
      tasks: fc.array(fc.record({ after: time, fails: fc.boolean(), deaf: fc.boolean() }), { maxLength: 4 }),
      body: fc.record({ after: time, fails: fc.boolean() }),
      deadline: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), time),
      failFast: fc.boolean(),
      inner: fc.array(tie('plan'), { maxLength: 2, depthIdentifier: 'scopes' }),
    }),
  }))

  it('whatever fails, is late, or hears nothing, in scopes within scopes', async () => {
    await fc.assert(
      fc.asyncProperty(plan, fc.integer({ min: 1, max: 4 }), async (outer, maxTasks) => {
        await runVirtual(async () => {
          const manager = await TaskManager.start({ maxTasks, cleanupTimeout: 100, onError: () => {} })
          const go = async (scope: TaskScope | TaskManager, { tasks, body, deadline, failFast, inner }: Plan) => {
            let alive = 0
            const work = (after: number, fails: boolean, deaf: boolean) => async (task: { signal: AbortSignal }) => {
              alive += 1
              try {
                if (deaf) await delay(after)
                else await delayUnless(after, task.signal)
                if (fails) throw new Error('a task')
              } finally {
                alive -= 1
              }
            }
            const options = { failFast, ...(deadline !== Number.POSITIVE_INFINITY && { deadline }) }
            const thrown = await scope
              .scope(async each => {
                for (const { after, fails, deaf } of tasks) each.spawn(work(after, fails, deaf))
                await Promise.all(inner.map(within => go(each, within)))
                await delay(body.after)
                if (body.fails) throw new Error('body')
              }, options)
              .then(
                () => undefined,
                error => ({ error }),
              )
            expect(alive).toBe(0)
            if (body.fails && deadline === Number.POSITIVE_INFINITY) expect(thrown).toBeDefined()
          }
          await go(manager, outer)
          expect(manager.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0, abandoned: 0 })
          await manager.close()
        })
      }),
      runs(100),
    )
  })
})

describe('the losers have stopped when the winner is given', () => {
  it('whatever ends first', async () => {
    for (const decide of [race, any]) {
      await exploreAll(async park => {
        const manager = await TaskManager.start({ maxTasks: 3, cleanupTimeout: Number.POSITIVE_INFINITY })
        let alive = 0
        const work = (name: string) => async () => {
          alive += 1
          await park(name)
          alive -= 1
          if (name === 'fails') throw new Error(name)
          return name
        }
        const handles: TaskHandle<string>[] = ['fails', 'first', 'second'].map(name => manager.spawn(work(name)))
        const outcome = await decide(handles).catch((error: Error) => error.message)
        expect(decide === race ? ['fails', 'first', 'second'] : ['first', 'second']).toContain(outcome)
        expect(alive).toBe(0)
        expect(handles.every(handle => handle.done())).toBe(true)
        await manager.close()
      })
    }
  })
})

function delayUnless(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}
