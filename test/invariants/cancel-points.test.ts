import { ensure, type Operation, resource, spawn, until } from 'effection'
import { describe, expect, it } from 'vitest'
import { type TaskContext, TaskManager, type Work } from '../../src/index.ts'
import { runVirtual, settle } from '../../src/testing.ts'

/** What a body may do: stop for a while, and hold something that must be released exactly once. */
interface Steps {
  /** Every suspension goes through here. */
  pause(): Promise<void>
  acquire(name: string): void
  release(name: string): void
}

const delay = () => new Promise<void>(resolve => setTimeout(resolve, 1))

function* using(steps: Steps, name: string): Operation<void> {
  yield* resource<void>(function* (provide) {
    yield* until(steps.pause())
    steps.acquire(name)
    yield* ensure(function* () {
      yield* until(delay())
      steps.release(name)
    })
    yield* until(steps.pause())
    yield* provide()
  })
}

const bodies: Record<string, (steps: Steps) => Work<string>> = {
  'a promise with cleanup in finally': steps => async (task: TaskContext) => {
    const { signal } = task
    await steps.pause()
    for (const name of ['a', 'b']) {
      signal.throwIfAborted()
      steps.acquire(name)
      try {
        await steps.pause()
        signal.throwIfAborted()
        await steps.pause()
      } finally {
        await delay()
        steps.release(name)
      }
    }
    return 'value'
  },
  'an operation with nested resources': steps =>
    function* () {
      yield* using(steps, 'outer')
      yield* until(steps.pause())
      yield* using(steps, 'inner')
      yield* until(steps.pause())
      return 'value'
    },
  'an operation with ensures': steps =>
    function* () {
      for (const name of ['first', 'second', 'third']) {
        steps.acquire(name)
        yield* ensure(function* () {
          yield* until(delay())
          steps.release(name)
        })
        yield* until(steps.pause())
      }
      return 'value'
    },
  'an operation with children': steps =>
    function* () {
      const child = (name: string) =>
        spawn(function* () {
          yield* using(steps, name)
          yield* until(steps.pause())
        })
      const children = [yield* child('one'), yield* child('two')]
      for (const each of children) yield* each
      return 'value'
    },
}

/** Runs the body, cancelling at its suspension number `at`; returns how many there were and what happened. */
async function cancelAt(makeBody: (steps: Steps) => Work<string>, at: number, late: boolean) {
  const { value } = await runVirtual(async () => {
    await using manager = await TaskManager.start()
    let paused = 0
    const held: string[] = []
    const log: string[] = []
    const steps: Steps = {
      async pause() {
        paused += 1
        if (paused === at) {
          if (late) await settle()
          cancelled = handle.cancel()
        }
        await delay()
      },
      acquire(name) {
        held.push(name)
        log.push(`+${name}`)
      },
      release(name) {
        held.splice(held.indexOf(name), 1)
        log.push(`-${name}`)
      },
    }
    let cancelled: Promise<boolean> | undefined
    const handle = manager.spawn(makeBody(steps))
    const heldAtEnd = await handle.then(
      () => [...held],
      () => [...held],
    )
    return { paused, log, heldAtEnd, status: handle.status, record: handle.record(), cancelled: await cancelled }
  })
  return value
}

describe.each(Object.entries(bodies))('invariant 2: a cancel at any suspension of %s', (_, makeBody) => {
  it.each([false, true])('runs every cleanup once, before the handle settles (a turn later: %s)', async late => {
    const clean = await cancelAt(makeBody, 0, late)
    expect(clean).toMatchObject({ status: 'done', heldAtEnd: [] })
    expect(clean.paused).toBeGreaterThan(2)
    for (let at = 1; at <= clean.paused; at += 1) {
      const { log, heldAtEnd, status, cancelled, record } = await cancelAt(makeBody, at, late)
      const where = `cancelled at ${at} of ${clean.paused}: ${log.join(' ')}`
      expect({ status, cancelled, abandoned: record.abandoned, heldAtEnd }, where).toEqual({
        status: cancelled ? 'cancelled' : 'done',
        cancelled,
        abandoned: false,
        heldAtEnd: [],
      })
      expect(log.filter(entry => entry.startsWith('+')).length, where).toBe(log.length / 2)
      expect(new Set(log).size, where).toBe(log.length)
    }
  })
})
