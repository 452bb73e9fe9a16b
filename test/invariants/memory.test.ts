import { AsyncLocalStorage } from 'node:async_hooks'
import { ensure, suspend, until } from 'effection'
import { describe, expect, it } from 'vitest'
import { type TaskHandle, TaskManager } from '../../src/index.ts'
import { createGate, settle } from '../../src/testing.ts'
import { task } from '../../src/worker.ts'
import { heapAfterWaves, heapInUse } from '../soak/waves.ts'

type Large = readonly number[]

/** A lifetime of a task that captured something large; what it returns is kept while we look whether that is collected. */
type Life = (manager: TaskManager, large: Large) => Promise<unknown>

/** In an object, because an async function would unwrap the handle. */
async function ended(handle: TaskHandle<unknown>): Promise<{ readonly handle: TaskHandle<unknown> }> {
  await handle.catch(() => {})
  return { handle }
}

const lives: Record<string, Life> = {
  'a done task whose handle is kept': (manager, large) => ended(manager.spawn(() => large.length)),
  'a done task whose handle is not kept': async (manager, large) => {
    await manager.spawn(async () => large.length)
  },
  'a failed task whose handle is kept': (manager, large) => ended(manager.spawn(() => fail(large))),
  'a failed task that nobody observed': async (manager, large) => {
    const handle = manager.spawn(() => fail(large))
    await manager.drain()
    return { handle }
  },
  'a task cancelled while pending': async (manager, large) => {
    manager.pause()
    const handle = manager.spawn(() => large)
    handle.cancel()
    return ended(handle)
  },
  'a task cancelled while running': async (manager, large) => {
    const handle = manager.spawn(async ({ signal }) => {
      await new Promise(resolve => signal.addEventListener('abort', resolve))
      return large
    })
    await settle()
    handle.cancel()
    return ended(handle)
  },
  'a task with a timeout, a deadline and a signal': (manager, large) => {
    const options = { timeout: 60_000, deadline: 60_000, signal: eternal.signal }
    return ended(manager.spawn(async () => large.length, options))
  },
  'an operation that is done': (manager, large) =>
    ended(
      manager.spawn(function* () {
        yield* ensure(() => void large)
        yield* until(settle())
        return large.length
      }),
    ),
  'an operation that was halted': async (manager, large) => {
    const handle = manager.spawn(function* () {
      yield* ensure(() => void large)
      yield* suspend()
    })
    await settle()
    handle.cancel()
    return ended(handle)
  },
  'the store of the AsyncLocalStorage it was spawned in': (manager, large) =>
    endedInStore(storage.run(large, () => manager.spawn(async () => storage.getStore()?.length))),
  'the store that an operation was spawned in': (manager, large) =>
    endedInStore(
      storage.run(large, () =>
        manager.spawn(function* () {
          yield* until(settle())
          return storage.getStore()?.length
        }),
      ),
    ),
  'the items and the function of a map': async (manager, large) => {
    const results = manager.map([large], item => item.length + large.length)
    return await results.toArray()
  },
  'the results of a map that was left': async (manager, large) => {
    for await (const result of manager.map([1, 2, 3], () => large)) return result.length
  },
  'a stream that was read': async (manager, large) => {
    const stream = manager.stream(async function* () {
      yield large.length
    })
    for await (const _ of stream);
    return { stream }
  },
  'a stream that was left, with items that nobody has read': async (manager, large) => {
    const stream = manager.stream(async function* () {
      for (;;) yield { large }
    })
    for await (const _ of stream) break
    return { stream }
  },
  'a stream that nobody has read': async (manager, large) => {
    const stream = manager.stream(async function* () {
      for (;;) yield large.length
    })
    await settle()
    await stream.cancel()
    return { stream }
  },
}

/** An error made elsewhere: one made in the work would hold the work by its stack, which V8 formats when it is read. */
const failure = new Error('made elsewhere')
const fail = async (large: Large) => {
  if (large.length > 0) throw failure
}

const storage = new AsyncLocalStorage<Large>()
/** Before Node 24 every promise holds the stores it was made in, and a handle is one. */
const promisesHoldStores = Number.parseInt(process.versions.node, 10) < 24
const endedInStore = (handle: TaskHandle<unknown>) =>
  ended(handle).then(kept => (promisesHoldStores ? undefined : kept))

/** A signal that outlives every task. */
const eternal = new AbortController()

/** Lives, and forgets everything but a weak reference and what the life gives back. */
async function live(manager: TaskManager, life: Life): Promise<{ kept: unknown; large: WeakRef<Large> }> {
  const large = new Array<number>(10_000).fill(1)
  return { kept: await life(manager, large), large: new WeakRef(large) }
}

async function isCollected(ref: WeakRef<Large>): Promise<boolean> {
  for (let round = 0; round < 20; round += 1) {
    await settle()
    globalThis.gc?.()
    if (ref.deref() === undefined) return true
  }
  return false
}

describe('invariant 13: what a task captured is collectable once it ended', () => {
  it.each(Object.entries(lives))('%s', async (_, life) => {
    const manager = await TaskManager.start({ logger: false, onError() {} })
    const lived = await live(manager, life)
    expect(await isCollected(lived.large)).toBe(true)
    expect(lived).toHaveProperty('kept')
    expect(manager.stats().closed).toBe(false)
  })

  it('once abandoned work has really stopped', async () => {
    const manager = await TaskManager.start({ cleanupTimeout: 1 })
    const gate = createGate()
    const { large } = await live(manager, async (_, captured) => {
      const handle = manager.spawn(async () => {
        await gate
        return captured
      })
      await settle()
      await handle.cancel()
    })
    expect(await isCollected(large)).toBe(false)
    gate.open()
    expect(await isCollected(large)).toBe(true)
    expect(manager.stats().abandoned).toBe(0)
  })

  it('a closed manager with all that it was given', async () => {
    const { large } = await live(await TaskManager.start(), async (_, captured) => {
      const manager = await TaskManager.start({ onError: () => void captured, signal: eternal.signal })
      manager.on('done', () => void captured)
      await manager.spawn(() => {})
      await manager.close()
    })
    expect(await isCollected(large)).toBe(true)
  })
})

describe('invariant 13: nothing is left behind', () => {
  it('no growing heap after 200,000 tasks in waves', async () => {
    const heap = await heapAfterWaves(10, 20_000)
    const growth = Math.max(...heap.slice(-3)) - Math.max(...heap.slice(2, 5))
    expect(growth, `heap after each wave: ${heap.join(', ')}`).toBeLessThan(1_000_000)
  })

  it.each(['async', 'thread', 'process'] as const)(
    'no growing heap with a slow reader of a stream, mode %s',
    async mode => {
      await using large = task(
        async function* large() {
          for (let item = 0; ; item += 1) yield String(item).repeat(1_000)
        },
        { mode, maxWorkers: 1 },
      )
      const heap: number[] = []
      let read = 0
      for await (const _ of large()) {
        read += 1
        if (read % 16 === 0) await settle()
        if (read % 2_000 !== 0) continue
        heap.push(await heapInUse())
        if (heap.length === 6) break
      }
      const growth = Math.max(...heap.slice(-3)) - Math.max(...heap.slice(0, 3))
      expect(growth, `heap after each part: ${heap.join(', ')}`).toBeLessThan(1_000_000)
    },
    60_000,
  )
})
