import { describe, expect, it } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import { runVirtual, settle } from '../../src/testing.ts'
import { elapse, hearing } from './work.ts'

describe('map', () => {
  it('takes at most buffer items ahead of the loop', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start(10)
      let taken = 0
      const items = Array.from({ length: 20 }, (_, i) => i).values()
      const counted = items.map(item => {
        taken++
        return item
      })
      for await (const item of manager.map(counted, () => {}, { buffer: 3 })) {
        if (item === undefined) await elapse(10)
        expect(taken).toBeGreaterThan(0)
        break
      }
      expect(taken).toBeLessThanOrEqual(4)
    })
  })

  it('cancels what it started when the loop is left', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start(10)
      const stuck = hearing(Promise.resolve())
      const results = manager.map([0, 1, 2, 3], async (item, task) => (item === 0 ? 'quick' : await stuck(task)))
      for await (const result of results) {
        expect(result).toBe('quick')
        break
      }
      expect(manager.stats()).toMatchObject({ done: 1, cancelled: 3, running: 0 })
      await settle()
    })
  })
})
