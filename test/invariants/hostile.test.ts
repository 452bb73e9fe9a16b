import { ensure, sleep, suspend } from 'effection'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { resourceLimit, TaskManager, type TaskManagerOptions, type Work } from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'
import { HOSTILE } from '../hostile.ts'
import { elapse } from './work.ts'

const uncaught: unknown[] = []
const note = (error: unknown) => void uncaught.push(error)

beforeEach(() => {
  uncaught.length = 0
  process.on('uncaughtException', note)
})

afterEach(() => {
  process.off('uncaughtException', note)
})

const untilTold: Work<unknown> = async ({ signal }) => {
  await new Promise(resolve => signal.addEventListener('abort', resolve))
  throw signal.reason
}

const rejecting =
  (value: unknown): Work<unknown> =>
  async ({ signal }) => {
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    throw value
  }

function* cleaningUp(cleanup: () => unknown) {
  yield* ensure(cleanup as () => void)
  yield* suspend()
}

interface Setting {
  readonly manager: TaskManager
  readonly value: unknown
}

/** Each ends one task of a manager in a way that has the value looked at. */
const ROADS: Readonly<Record<string, (setting: Setting) => unknown>> = {
  'given to cancel': async ({ manager, value }) => {
    const handle = manager.spawn(untilTold)
    await settle()
    void handle.cancel(value)
    return handle.catch(() => {})
  },
  'given to cancel of a pending task': ({ manager, value }) => manager.spawn(untilTold).cancel(value),
  'given to cancelAll': async ({ manager, value }) => {
    manager.spawn(untilTold)
    manager.spawn(untilTold)
    await settle()
    return manager.cancelAll(value)
  },
  'thrown by work that is being cancelled': async ({ manager, value }) => {
    const handle = manager.spawn(rejecting(value))
    await settle()
    return handle.cancel()
  },
  'thrown by work that runs out of time': ({ manager, value }) => {
    manager.spawn(rejecting(value), { timeout: 10 })
  },
  'thrown by work that runs past its deadline': ({ manager, value }) => {
    manager.spawn(rejecting(value), { deadline: 10 })
  },
  'as the reason of a signal': async ({ manager, value }) => {
    const controller = new AbortController()
    manager.spawn(untilTold, { signal: controller.signal })
    await settle()
    controller.abort(value)
  },
  'as the reason of a signal that is aborted already': ({ manager, value }) => {
    manager.spawn(untilTold, { signal: AbortSignal.abort(value) })
  },
  'thrown in the finally of an operation that is halted': async ({ manager, value }) => {
    const handle = manager.spawn(function* () {
      try {
        yield* suspend()
      } finally {
        fail(value)
      }
    })
    await settle()
    return handle.cancel()
  },
  'thrown by what an operation ensures': async ({ manager, value }) => {
    const handle = manager.spawn(() => cleaningUp(() => fail(value)))
    await settle()
    return handle.cancel()
  },
  'thrown late by what an operation ensures': async ({ manager, value }) => {
    const handle = manager.spawn(() =>
      cleaningUp(function* () {
        yield* sleep(5)
        fail(value)
      }),
    )
    await settle()
    return handle.cancel()
  },
  'thrown by a body at once': ({ manager, value }) => void manager.spawn(() => fail(value)),
  'rejected by a body': ({ manager, value }) => void manager.spawn(async () => fail(value)),
  'thrown by an operation': ({ manager, value }) =>
    void manager.spawn(function* () {
      yield* sleep(1)
      fail(value)
    }),
  'rejected by a body that is tried again': ({ manager, value }) =>
    void manager.spawn(async () => fail(value), {
      retry: { retries: 1, wait: 1, retryOn: [TypeError, () => fail(value)] },
    }),
  'thrown by retryUntil': ({ manager, value }) =>
    void manager.spawn(() => 1, { retry: { retries: 1, wait: 1, retryUntil: () => fail(value) } }),
  'thrown by backoff': ({ manager, value }) =>
    void manager.spawn(async () => fail(value), { retry: { retries: 1, backoff: () => fail(value) } }),
  'awaited from a handle within an operation': ({ manager, value }) => {
    const failing = manager.spawn(async () => fail(value))
    manager.spawn(function* () {
      yield* failing
    })
  },
  'in the result of a body': ({ manager, value }) => void manager.spawn(() => value),
}

function fail(value: unknown): never {
  throw value
}

const OPTIONS: Readonly<Record<string, (value: unknown) => TaskManagerOptions>> = {
  'with the default logger': () => ({}),
  'with an onError and a logger that throw it': value => ({
    onError: () => fail(value),
    logger: { error: () => fail(value) },
  }),
  'with failFast': () => ({ failFast: true, logger: false }),
}

describe.each(Object.keys(HOSTILE))('%s', kind => {
  it.each(Object.keys(ROADS))('%s: everything settles, and the slot comes back', async road => {
    for (const options of Object.values(OPTIONS)) {
      const value = HOSTILE[kind]?.()
      await autojump(async () => {
        const console = silence()
        const manager = await TaskManager.start({ maxTasks: 2, cleanupTimeout: 50, ...options(value) })
        const db = resourceLimit({ key: 'db', capacity: 1 })
        await ROADS[road]?.({ manager, value })
        await manager.drain().catch(() => {})
        const gave = [1, 2, 3].map(n => manager.spawn(() => elapse(1).then(() => n), { limits: db }))
        expect(await Promise.all(gave)).toEqual([1, 2, 3])
        for (const listener of ['failed', 'cancelled'] as const) manager.on(listener, () => fail(value))
        const last = manager.spawn(untilTold)
        await settle()
        const report = await manager.close({ timeout: 0 })
        expect(report.abandoned).toEqual([])
        expect(last.done()).toBe(true)
        expect(manager.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0, abandoned: 0 })
        console.restore()
      })
    }
    await settle()
    expect(uncaught).toEqual([])
  })

  it('as the reason of the signal of a manager: everything settles', async () => {
    const controller = new AbortController()
    await autojump(async () => {
      const manager = await TaskManager.start({ signal: controller.signal, logger: false })
      const handles = [manager.spawn(untilTold), manager.spawn(() => elapse(5)), manager.spawn(suspend)]
      await settle()
      controller.abort(HOSTILE[kind]?.())
      await Promise.allSettled(handles)
      expect(await manager.close()).toMatchObject({ cancelled: 3, abandoned: [] })
    })
    expect(uncaught).toEqual([])
  })
})

function silence() {
  const { error } = console
  console.error = () => {}
  return {
    restore: () => {
      console.error = error
    },
  }
}
