import { describe, expect, it } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, forever } from '../work.ts'
import { within } from './within.ts'

describe('pause', () => {
  it('lets nothing start, and what runs go on', async () => {
    await within({}, async manager => {
      const running = manager.spawn(() => delay(20, 'x'))
      await settle()
      manager.pause()
      const pending = manager.spawn(() => 1)
      expect(await running).toBe('x')
      await settle()
      expect(pending.status).toBe('pending')
      expect(manager.stats()).toMatchObject({ pending: 1, running: 0, paused: true })
      manager.resume()
      expect(await pending).toBe(1)
      expect(manager.stats().paused).toBe(false)
    })
  })

  it('holds back what was spawned in the same tick', async () => {
    const manager = await TaskManager.start()
    const handle = manager.spawn(() => 1)
    manager.pause()
    await settle()
    expect(handle.status).toBe('pending')
  })

  it('holds when maxTasks is raised and when a task ends', async () => {
    await within({ maxTasks: 1 }, async manager => {
      manager.spawn(() => delay(10))
      const pending = manager.spawn(forever)
      await settle()
      manager.pause()
      manager.maxTasks = 5
      await delay(20)
      expect(pending.status).toBe('pending')
    })
  })

  it('lets pending tasks be cancelled', async () => {
    const manager = await TaskManager.start({ autoStart: false })
    const handle = manager.spawn(forever)
    expect(await handle.cancel()).toBe(true)
    expect(manager.stats()).toMatchObject({ pending: 0, cancelled: 1 })
  })

  it('twice needs one resume', async () => {
    const manager = await TaskManager.start()
    manager.pause()
    manager.pause()
    manager.resume()
    expect(await manager.spawn(() => 1)).toBe(1)
  })
})

describe('autoStart: false', () => {
  it('starts paused', async () => {
    const manager = await TaskManager.start({ autoStart: false })
    const handle = manager.spawn(() => 1)
    await settle()
    expect(manager.stats()).toMatchObject({ pending: 1, paused: true })
    manager.resume()
    expect(await handle).toBe(1)
  })
})
