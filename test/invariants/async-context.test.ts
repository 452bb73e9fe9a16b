import { AsyncLocalStorage } from 'node:async_hooks'
import { action, ensure, resource, spawn, suspend, until } from 'effection'
import { describe, expect, it } from 'vitest'
import { TaskManager, type Work } from '../../src/index.ts'
import { createGate, type Gate, runVirtual, settle } from '../../src/testing.ts'
import { elapse } from './work.ts'

type See = () => void

/** Bodies that look at their store wherever they can; each ends by itself, but for `opened`, which others open. */
const bodies: Record<string, (see: See, opened: Gate<void>) => Work<void>> = {
  'synchronous work': see => () => see(),
  'a promise': (see, opened) => async () => {
    see()
    await opened
    see()
    await elapse(1)
    see()
  },
  'a promise that goes on in callbacks': (see, opened) => () => opened.then(see).then(see, see).finally(see),
  'a thenable': (see, opened) => () => {
    see()
    return { then: (resolve: () => void) => void opened.then(see).then(resolve) } as unknown as Promise<void>
  },
  'an operation': (see, opened) =>
    function* () {
      see()
      yield* until(opened)
      see()
      yield* until(elapse(1))
      see()
    },
  'the executor and the end of an action': (see, opened) =>
    function* () {
      yield* action<void>(resolve => {
        see()
        opened.then(() => {
          see()
          resolve()
        })
        return see
      })
      see()
    },
  'an operation that others resume': (see, opened) =>
    function* () {
      yield* action<void>(resolve => {
        resumers.add(resolve)
        void opened
        return () => resumers.delete(resolve)
      })
      see()
    },
  'a resource and its cleanup': (see, opened) =>
    function* () {
      yield* resource<void>(function* (provide) {
        see()
        yield* ensure(see)
        yield* until(opened)
        see()
        yield* provide()
      })
      see()
    },
  'the children of an operation': (see, opened) =>
    function* () {
      const child = yield* spawn(function* () {
        see()
        yield* until(opened)
        see()
        yield* until(elapse(1))
        see()
      })
      see()
      yield* child
      see()
    },
}

/** Calls where no store is set; `exit` would, up to Node 22, switch the storage off for all that it calls. */
const outside = AsyncLocalStorage.snapshot()

/** What resumes operations directly, from the outside. */
const resumers = new Set<() => void>()

describe.each([
  ['inside a context', 'somebody else'],
  ['outside of any context', undefined],
])('invariant 12: with the slot freed %s,', (_, other) => {
  it.each(Object.entries(bodies))("%s sees the spawner's store", async (_, makeBody) => {
    await runVirtual(async () => {
      const storage = new AsyncLocalStorage<string>()
      const asOther = <T>(act: () => T): T => (other === undefined ? outside(act) : storage.run(other, act))
      const manager = await asOther(() => TaskManager.start(1))
      const [slot, opened] = [createGate(), createGate()]
      const seen: (string | undefined)[] = []
      asOther(() => manager.spawn(() => slot))
      const handle = storage.run('spawner', () => manager.spawn(makeBody(() => seen.push(storage.getStore()), opened)))
      asOther(() => manager.spawn(() => {}))
      await settle()
      asOther(() => slot.open())
      await settle()
      asOther(() => {
        opened.open()
        for (const resume of resumers) resume()
      })
      await handle
      expect(seen.length).toBeGreaterThan(0)
      expect(new Set(seen)).toEqual(new Set(['spawner']))
      await manager.close()
    })
  })

  it('a cleanup after a cancel from another context does', async () => {
    await runVirtual(async () => {
      const storage = new AsyncLocalStorage<string>()
      const asOther = <T>(act: () => T): T => (other === undefined ? outside(act) : storage.run(other, act))
      const manager = await asOther(() => TaskManager.start(1))
      const seen: (string | undefined)[] = []
      const handle = storage.run('spawner', () =>
        manager.spawn(function* () {
          yield* ensure(function* () {
            seen.push(storage.getStore())
            yield* until(elapse(1))
            seen.push(storage.getStore())
          })
          try {
            yield* suspend()
          } finally {
            seen.push(storage.getStore())
          }
        }),
      )
      await settle()
      await asOther(() => handle.cancel())
      expect(seen).toEqual(['spawner', 'spawner', 'spawner'])
    })
  })

  it('the function of a map sees the store of the call of map', async () => {
    await runVirtual(async () => {
      const storage = new AsyncLocalStorage<string>()
      const asOther = <T>(act: () => T): T => (other === undefined ? outside(act) : storage.run(other, act))
      const manager = await asOther(() => TaskManager.start(2))
      const seen: (string | undefined)[] = []
      const items = Array.from({ length: 6 }, (_, i) => i)
      const results = storage.run('mapper', () =>
        manager.map(items, async () => {
          seen.push(storage.getStore())
          await elapse(1)
          seen.push(storage.getStore())
        }),
      )
      await asOther(() => results.toArray())
      expect(seen).toEqual(Array.from({ length: 12 }, () => 'mapper'))
    })
  })

  it('work spawned outside of any context sees none', async () => {
    await runVirtual(async () => {
      const storage = new AsyncLocalStorage<string>()
      const manager = await TaskManager.start(1)
      const slot = createGate()
      storage.run('first', () => manager.spawn(() => slot))
      const seen = [
        manager.spawn(() => storage.getStore()),
        manager.spawn(async () => settle().then(() => storage.getStore())),
        manager.spawn(function* () {
          yield* until(settle())
          return storage.getStore()
        }),
      ]
      storage.run('somebody else', () => slot.open())
      expect(await Promise.all(seen)).toEqual([undefined, undefined, undefined])
    })
  })
})

describe('invariant 12: what a task spawns', () => {
  it('has the store that the task had where it spawned', async () => {
    await runVirtual(async () => {
      const storage = new AsyncLocalStorage<string>()
      const manager = await TaskManager.start(1)
      const child = await storage.run('outer', () =>
        manager.spawn(() => ({ handle: storage.run('inner', () => manager.spawn(() => storage.getStore())) })),
      )
      expect(await child.handle).toBe('inner')
    })
  })
})
