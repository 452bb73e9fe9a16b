import { describe, expect, it } from 'vitest'
import { QueueFullError, TaskManager } from '../../src/index.ts'
import { createGate, runVirtual, settle } from '../../src/testing.ts'
import { deaf, hearing } from './work.ts'

describe('slots', () => {
  it('are never more than maxTasks, and all used while there is work', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start(3)
      const gates = Array.from({ length: 8 }, () => createGate())
      const log: number[] = []
      for (const gate of gates) manager.spawn(() => gate)
      for (const gate of gates) {
        await settle()
        log.push(manager.stats().running)
        gate.open()
      }
      expect(log).toEqual([3, 3, 3, 3, 3, 3, 2, 1])
    })
  })

  it('stay taken until cancelled work has really stopped', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start(1)
      const stopped = createGate()
      const first = manager.spawn(hearing(stopped))
      const second = manager.spawn(async () => 'second')
      await settle()
      const cancelled = first.cancel()
      await settle()
      expect([first.status, second.status]).toEqual(['stopping', 'pending'])
      stopped.open()
      expect(await cancelled).toBe(true)
      expect(await second).toBe('second')
    })
  })

  it('are given up after cleanupTimeout, once', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start({ maxTasks: 1, cleanupTimeout: 50 })
      const [late, busy] = [createGate(), createGate()]
      const first = manager.spawn(hearing(late))
      await settle()
      await first.cancel()
      expect(manager.stats()).toMatchObject({ abandoned: 1, cancelled: 1 })
      manager.spawn(() => busy)
      const third = manager.spawn(async () => 'third')
      await settle()
      late.open()
      await settle()
      expect(manager.stats()).toMatchObject({ abandoned: 0, running: 1, pending: 1 })
      busy.open()
      expect(await third).toBe('third')
    })
  })

  it('stay taken by work that cannot hear, although its handle has settled', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start(1)
      const gate = createGate()
      const first = manager.spawn(deaf(gate))
      const second = manager.spawn(async () => 'second')
      await settle()
      first.cancel()
      await settle()
      expect([first.status, second.status]).toEqual(['cancelled', 'pending'])
      gate.open()
      expect(await second).toBe('second')
    })
  })

  it('are filled when maxTasks is raised', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start(1)
      const gate = createGate()
      manager.spawn(() => gate)
      manager.spawn(() => gate)
      await settle()
      manager.maxTasks = 2
      expect(manager.stats().running).toBe(2)
      gate.open()
    })
  })
})

describe('the queue', () => {
  it('is first come, first served within a priority, higher ones first', async () => {
    const { value } = await runVirtual(async () => {
      await using manager = await TaskManager.start({ maxTasks: 1, autoStart: false })
      const started: string[] = []
      const spawn = (name: string, priority: number) => manager.spawn(() => void started.push(name), { priority })
      for (const name of ['a', 'b', 'c', 'd', 'e'])
        for (const priority of [0, 2, 1]) spawn(`${name}${priority}`, priority)
      manager.resume()
      await manager.drain()
      return started.join(' ')
    })
    expect(value).toBe('a2 b2 c2 d2 e2 a1 b1 c1 d1 e1 a0 b0 c0 d0 e0')
  })

  it('keeps its order while tasks are cancelled in the middle and it grows', async () => {
    const { value } = await runVirtual(async () => {
      await using manager = await TaskManager.start({ maxTasks: 1, autoStart: false })
      const started: number[] = []
      const handles = Array.from({ length: 40 }, (_, i) =>
        manager.spawn(() => void started.push(i), { priority: i % 2 }),
      )
      for (const handle of handles.filter((_, i) => i % 6 < 2)) handle.cancel()
      for (let i = 40; i < 80; i++) manager.spawn(() => void started.push(i), { priority: i % 2 })
      manager.resume()
      await manager.drain()
      return started
    })
    const left = Array.from({ length: 80 }, (_, i) => i).filter(i => i >= 40 || i % 6 >= 2)
    expect(value).toEqual([...left.filter(i => i % 2 === 1), ...left.filter(i => i % 2 === 0)])
  })

  it('never starts a task that was cancelled while pending', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start(1)
      const gate = createGate()
      let called = false
      manager.spawn(() => gate)
      const pending = manager.spawn(() => {
        called = true
      })
      const next = manager.spawn(async () => 'next')
      await settle()
      await pending.cancel()
      expect(manager.stats()).toMatchObject({ pending: 1, cancelled: 1 })
      gate.open()
      expect(await next).toBe('next')
      expect(called).toBe(false)
    })
  })

  it('lets a waiting drain go when its last task is cancelled', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start({ autoStart: false })
      const pending = manager.spawn(() => {})
      const drained = manager.drain()
      await settle()
      pending.cancel()
      await drained
    })
  })

  it('takes maxPending tasks and not one more', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start({ maxTasks: 1, maxPending: 2 })
      const gate = createGate()
      for (let i = 0; i < 3; i++) manager.spawn(() => gate)
      expect(() => manager.spawn(() => {})).toThrow(QueueFullError)
      await settle()
      expect(manager.stats()).toMatchObject({ running: 1, pending: 2 })
      expect(() => manager.spawn(() => {})).toThrow(QueueFullError)
      gate.open()
    })
  })
})
