import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OrderedQueue } from '../../src/collections/queues.ts'
import { runs } from '../fuzz/runs.ts'
import { item } from './item.ts'

describe('OrderedQueue', () => {
  it('gives by priority and sequence number, in whatever order they come and go', () => {
    const step = fc.record({
      priority: fc.integer({ min: 0, max: 2 }),
      sequence: fc.integer({ min: 0, max: 1_000 }),
      kind: fc.constantFrom('push', 'push', 'take', 'remove'),
      place: fc.double({ min: 0, max: 0.999, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const queue = new OrderedQueue<ReturnType<typeof item>>()
        const model: ReturnType<typeof item>[] = []
        const used = new Set<number>()
        for (const { kind, priority, sequence, place } of steps) {
          if (kind === 'push' && !used.has(sequence)) {
            used.add(sequence)
            const each = Object.assign(item(), { priority, sequence })
            queue.push(each)
            model.push(each)
            model.sort((a, b) => b.priority - a.priority || a.sequence - b.sequence)
          } else if (kind !== 'push' && model.length > 0) {
            const index = kind === 'take' ? 0 : Math.floor(place * model.length)
            const [gone] = model.splice(index, 1) as [ReturnType<typeof item>]
            queue.remove(gone)
            expect(gone.position).toBe(-1)
          }
          expect(queue.size).toBe(model.length)
          expect(queue.peek()).toBe(model[0])
        }
      }),
      runs(100),
    )
  })
})
