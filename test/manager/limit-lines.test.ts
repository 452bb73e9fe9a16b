import { describe, expect, it } from 'vitest'
import { limits, resourceLimit, TaskManager } from '../../src/index.ts'
import { createGate } from '../../src/testing.ts'
import { settle } from '../harness.ts'

describe('many tasks that wait for the same limit', () => {
  it('stand in its line one at a time, and start in order', async () => {
    const limit = resourceLimit({ key: 'a', capacity: 1 })
    await using manager = await TaskManager.start({ maxTasks: Number.POSITIVE_INFINITY })
    const gate = createGate()
    const order: number[] = []
    for (let index = 0; index < 500; index++) {
      manager.spawn(
        async () => {
          order.push(index)
          await gate
        },
        { limits: limit },
      )
    }
    await settle()
    expect(limit.stats()).toMatchObject({ used: 1, waiting: 1 })
    expect(manager.stats()).toMatchObject({ running: 1, pending: 499 })
    gate.open()
    await manager.drain()
    expect(order).toEqual(Array.from({ length: 500 }, (_, index) => index))
  })

  it('hold up none that needs another of the same set', async () => {
    const set = limits([resourceLimit({ key: 'a', capacity: 1 }), resourceLimit({ key: 'b', capacity: 1 })])
    await using manager = await TaskManager.start({ maxTasks: Number.POSITIVE_INFINITY })
    const gate = createGate()
    for (let count = 0; count < 100; count++) manager.spawn(() => gate, { limits: set, cost: { a: 1, b: 0 } })
    await settle()
    const other = manager.spawn(() => 'started', { limits: set, cost: { a: 0, b: 1 } })
    expect(await other).toBe('started')
    gate.open()
  })
})
