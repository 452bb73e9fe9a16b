import { suspend } from 'effection'
import { describe, expect, it } from 'vitest'
import { ManagerClosedError, TaskManager } from '../../src/index.ts'
import { createGate, runVirtual, settle } from '../../src/testing.ts'
import { deaf, elapse, hearing } from './work.ts'

describe('close', () => {
  it('refuses new work at once, during and after, and calls none of it', async () => {
    await runVirtual(async () => {
      const manager = await TaskManager.start()
      let called = false
      const spawn = () =>
        manager.spawn(() => {
          called = true
        })
      manager.spawn(() => elapse(100))
      const closed = manager.close()
      expect(spawn).toThrow(ManagerClosedError)
      await elapse(50)
      expect(spawn).toThrow(ManagerClosedError)
      await closed
      expect(spawn).toThrow(ManagerClosedError)
      await settle()
      expect(called).toBe(false)
    })
  })

  it('takes its timeout and the cleanup time in total, whatever the tasks do', async () => {
    const { elapsed, value } = await runVirtual(async () => {
      const manager = await TaskManager.start({ maxTasks: 2, cleanupTimeout: 30 })
      manager.spawn(hearing(createGate()))
      for (let i = 0; i < 10; i++) manager.spawn(() => elapse(40))
      return await manager.close({ timeout: 100 })
    })
    expect(elapsed).toBe(130)
    expect(value).toMatchObject({ done: 2, failed: 0, cancelled: 9 })
    expect(value.neverStarted.map(record => record.id)).toEqual([5, 6, 7, 8, 9, 10, 11])
    expect(value.abandoned.map(record => record.id)).toEqual([1])
  })

  it('can be called again to make it sooner, never to make it later', async () => {
    const { elapsed } = await runVirtual(async () => {
      const manager = await TaskManager.start()
      manager.spawn(hearing(Promise.resolve()))
      await settle()
      const closes = [manager.close({ timeout: 100 }), manager.close({ timeout: 60 }), manager.close({ timeout: 900 })]
      await Promise.all(closes)
    })
    expect(elapsed).toBe(60)
  })

  it('tells a task that awaits it only when work cancelled before has stopped', async () => {
    await runVirtual(async () => {
      const manager = await TaskManager.start()
      const gate = createGate()
      const cancelled = manager.spawn(deaf(gate))
      await settle()
      cancelled.cancel()
      let told = false
      manager.spawn(async () => {
        await manager.close()
        told = true
      })
      await settle()
      expect(told).toBe(false)
      gate.open()
      await settle()
      expect(told).toBe(true)
    })
  })

  it('leaves no timer behind', async () => {
    const waiting = runVirtual(async () => {
      const manager = await TaskManager.start()
      manager.spawn(() => elapse(10))
      await manager.close({ timeout: 5_000 })
      await createGate()
    })
    await expect(waiting).rejects.toThrow('deadlock after 10 ms')
  })
})

describe('cancelAll', () => {
  it('starts none of the pending tasks in a slot that it frees', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start(1)
      const started: string[] = []
      manager.spawn(function* () {
        started.push('running')
        yield* suspend()
      })
      manager.spawn(() => started.push('pending'))
      await settle()
      await manager.cancelAll()
      await settle()
      expect(started).toEqual(['running'])
    })
  })
})

describe('drain', () => {
  it('waits for what is spawned as it is about to end', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start()
      let ended = false
      const off = manager.on('drained', () => {
        off()
        manager.spawn(async () => {
          await elapse(10)
          ended = true
        })
      })
      manager.spawn(() => {})
      await manager.drain()
      expect(ended).toBe(true)
    })
  })
})
