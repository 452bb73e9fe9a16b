import { ensure, until } from 'effection'
import { describe, expect, it } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import { exploreAll } from '../../src/testing.ts'

/** Every order of a few steps: the schedule that fails is in the message. */
describe('invariant 5: running tasks never exceed maxTasks, and no slot is lost', () => {
  it('whatever the order of two ends, a cancel of running and one of pending work', async () => {
    const orders = await exploreAll(async park => {
      const manager = await TaskManager.start({ maxTasks: 2, cleanupTimeout: Number.POSITIVE_INFINITY })
      let now = 0
      let most = 0
      const body = (name: string) =>
        manager.spawn(async ({ signal }) => {
          most = Math.max(most, ++now)
          await park(name)
          now -= 1
          signal.throwIfAborted()
          return name
        })
      const [first, , third, fourth] = [
        body('first ends'),
        body('second ends'),
        body('third ends'),
        body('fourth ends'),
      ]
      const cancels = [
        park('cancel first').then(() => first?.cancel()),
        park('cancel third').then(() => third?.cancel()),
      ]
      await Promise.all(cancels)
      await manager.drain()
      expect(most).toBe(2)
      expect(now).toBe(0)
      expect(await fourth).toBe('fourth ends')
      expect(first?.done() && third?.done()).toBe(true)
    })
    expect(orders).toBeGreaterThan(20)
  })

  it('whatever the order of pause, resume and the ends of tasks', async () => {
    await exploreAll(async park => {
      const manager = await TaskManager.start(1)
      const handles = ['a', 'b', 'c'].map(name => manager.spawn(() => park(`${name} ends`)))
      await Promise.all([
        park('pause').then(() => manager.pause()),
        park('raise').then(() => {
          manager.maxTasks = 2
        }),
      ])
      await park('resume')
      manager.resume()
      await manager.drain()
      expect(handles.map(handle => handle.status)).toEqual(['done', 'done', 'done'])
    })
  })
})

describe('invariant 1: no task outlives its manager', () => {
  it.each(['run', 'cancel'] as const)('whatever is ended, cancelled and spawned around close (%s)', async pending => {
    await exploreAll(async park => {
      const manager = await TaskManager.start({ maxTasks: 2, closeTimeout: 100, cleanupTimeout: 100 })
      let now = 0
      const body = (name: string) =>
        manager.spawn(function* () {
          now += 1
          yield* ensure(function* () {
            yield* until(park(`${name} is cleaned up`))
            now -= 1
          })
          yield* until(park(`${name} ends`))
        })
      const [first] = [body('first'), body('second')]
      const cancelled = park('cancel').then(() => first.cancel())
      await park('close')
      const report = await manager.close({ pending })
      expect(now).toBe(0)
      expect(report.done + report.failed + report.cancelled).toBe(2)
      expect(() => manager.spawn(() => {})).toThrow('closed')
      await cancelled
    })
  })
})

describe('invariant 8: drain awaits what is spawned meanwhile', () => {
  it('whatever the order in which parents and children end', async () => {
    await exploreAll(async park => {
      const manager = await TaskManager.start(2)
      let ended = 0
      const end = (name: string) => park(name).then(() => ended++)
      for (const name of ['a', 'b'])
        manager.spawn(async () => {
          await end(name)
          manager.spawn(() => end(`child of ${name}`))
        })
      const late = park('late').then(() => manager.spawn(() => end('late child')))
      await late
      await manager.drain()
      expect(ended).toBe(5)
    })
  })
})

describe('invariant 2: a cancel is awaited', () => {
  it('whatever the order of a cancel and the steps of an operation with two resources', async () => {
    await exploreAll(async park => {
      const manager = await TaskManager.start()
      const open: string[] = []
      const hold = (name: string) =>
        ensure(function* () {
          yield* until(park(`release ${name}`))
          open.splice(open.indexOf(name), 1)
        })
      const handle = manager.spawn(function* () {
        for (const name of ['outer', 'inner']) {
          open.push(name)
          yield* hold(name)
          yield* until(park(`work with ${name}`))
        }
        return 'value'
      })
      await park('cancel')
      const had = handle.done()
      expect(await handle.cancel()).toBe(!had && handle.status === 'cancelled')
      expect(open).toEqual([])
    })
  })
})

describe('invariant 3: no error is lost', () => {
  it('whatever the order in which the items of a map end, one with an error', async () => {
    await exploreAll(async park => {
      const manager = await TaskManager.start(3)
      const error = new Error('the second')
      let now = 0
      const results = manager.map(['first', 'second', 'third'], async name => {
        now += 1
        await park(name)
        now -= 1
        if (name === 'second') throw error
      })
      await expect(results.toArray()).rejects.toBe(error)
      await manager.drain()
      expect(now).toBe(0)
    })
  })
})
