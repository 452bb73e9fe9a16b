import { describe, expect, it } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import { autojump } from '../harness.ts'
import { delay, listening, untilAborted } from '../work.ts'

describe('a task whose work awaits another', () => {
  it('counts as cancelled when both are and the work passes the cancel error of the other on', async () => {
    await autojump(async () => {
      const manager = await TaskManager.start({ logger: false })
      const inner = manager.spawn(({ signal }) => untilAborted(signal))
      const outer = manager.spawn(task => listening(task, async () => await inner))
      await delay(1)
      await manager.cancelAll()
      expect([inner.status, outer.status]).toEqual(['cancelled', 'cancelled'])
    })
  })
})
