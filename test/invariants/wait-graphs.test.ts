import { type Operation, until } from 'effection'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DeadlockError, type TaskHandle, TaskManager } from '../../src/index.ts'
import { runVirtual, settle } from '../../src/testing.ts'
import { patience, runs } from '../fuzz/runs.ts'
import { elapse } from './work.ts'

/** A step of a task: a pause in milliseconds, or the number of another task to wait for. */
type Step = { readonly pause: number } | { readonly waitFor: number }

interface Waiting {
  readonly slots: number
  readonly tasks: readonly { readonly kind: 'promise' | 'operation'; readonly steps: readonly Step[] }[]
}

const waiting: fc.Arbitrary<Waiting> = fc.record({
  slots: fc.integer({ min: 1, max: 3 }),
  tasks: fc.array(
    fc.record({
      kind: fc.constantFrom('promise', 'operation'),
      steps: fc.array(
        fc.oneof(fc.record({ pause: fc.integer({ min: 1, max: 9 }) }), fc.record({ waitFor: fc.nat({ max: 5 }) })),
        { maxLength: 3 },
      ),
    }),
    { minLength: 2, maxLength: 6 },
  ),
})

/** Resolves when the task has ended; made outside of all tasks, so that none of them counts as waiting. */
function end(handle: TaskHandle<void>): Promise<void> {
  return new Promise(resolve => {
    const ended = () => resolve()
    handle.then(ended, ended)
  })
}

/** Runs the tasks. Where waiting must be refused, those hang of which nobody knows that they wait. */
async function runWaiting({ slots, tasks }: Waiting, unknown: boolean): Promise<'hangs' | 'refused' | 'ends'> {
  const run = async () => {
    const manager = await TaskManager.start({ maxTasks: slots, logger: false })
    const ends: Promise<void>[] = []
    const handles: TaskHandle<void>[] = tasks.map(({ kind, steps }, self) => {
      const doStep = (step: Step) => {
        if ('pause' in step) return until(elapse(step.pause))
        const number = step.waitFor % tasks.length
        if (number === self) return until(settle())
        return unknown ? until(ends[number] as Promise<void>) : (handles[number] as TaskHandle<void>)
      }
      const awaitStep = async (step: Step) => {
        if ('pause' in step) return await elapse(step.pause)
        const number = step.waitFor % tasks.length
        if (number !== self) await (unknown ? ends : handles)[number]
      }
      const operation = function* (): Operation<void> {
        for (const step of steps) yield* doStep(step)
      }
      const promise = async () => {
        for (const step of steps) await awaitStep(step)
      }
      return kind === 'operation' ? manager.spawn(operation) : manager.spawn(promise)
    })
    ends.push(...handles.map(end))
    return await Promise.all(handles.map(handle => handle.catch(error => error)))
  }
  try {
    const { value } = await runVirtual(run)
    return value.some(each => each instanceof DeadlockError) ? 'refused' : 'ends'
  } catch (error) {
    if (error instanceof DeadlockError) return 'hangs'
    throw error
  }
}

describe('invariant 14: which task waits for which', () => {
  it(
    'is refused exactly where it would hang',
    async () => {
      const property = fc.asyncProperty(waiting, async plan => {
        const hanging = await runWaiting(plan, true)
        expect(await runWaiting(plan, false)).toBe(hanging === 'hangs' ? 'refused' : 'ends')
      })
      await fc.assert(property, runs(200))
    },
    patience(200),
  )
})
