import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IndexedHeap } from '../../src/collections/indexed-heap.ts'
import { runs } from '../fuzz/runs.ts'
import { type Item, item } from './item.ts'

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ priority: fc.integer({ min: -3, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ index: fc.nat(), rank: fc.integer({ min: -3, max: 3 }) }) },
  { weight: 1, arbitrary: fc.constant('take' as const) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 0.999, noNaN: true }) },
)

/** What goes first: the highest priority, and of these the earliest. */
function sorted(model: readonly Item[]): Item[] {
  return [...model].sort((a, b) => b.priority - a.priority || a.sequence - b.sequence)
}

describe('IndexedHeap', () => {
  it('behaves like a sorted array, whatever is pushed, taken, removed from anywhere and given another rank', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const heap = new IndexedHeap<Item>()
        let model: Item[] = []
        for (const each of steps) {
          let gone: Item | undefined
          if (typeof each === 'object' && 'rank' in each) {
            const moved = model[each.index % model.length]
            if (moved === undefined) continue
            moved.priority = each.rank
            heap.rerank(moved)
          } else if (typeof each === 'object') {
            const added = item(each.priority)
            heap.push(added)
            model.push(added)
          } else if (each === 'take') gone = sorted(model)[0]
          else gone = model[Math.floor(each * model.length)]
          if (gone !== undefined) {
            heap.remove(gone)
            expect(gone.position).toBe(-1)
            model = model.filter(other => other !== gone)
          }
          expect(heap.size).toBe(model.length)
          expect(heap.peek()).toBe(sorted(model)[0])
        }
        for (const next of sorted(model)) {
          expect(heap.peek()).toBe(next)
          heap.remove(next)
        }
      }),
      runs(100),
    )
  })

  it('keeps the order of arrival within a priority, however many there are', () => {
    const heap = new IndexedHeap<Item>()
    const items = Array.from({ length: 1000 }, (_, n) => item(n % 2))
    for (const each of items) heap.push(each)
    for (const next of sorted(items)) {
      expect(heap.peek()).toBe(next)
      heap.remove(next)
    }
    expect(heap.size).toBe(0)
    expect(heap.peek()).toBeUndefined()
  })

  it('takes priorities without a bound', () => {
    const heap = new IndexedHeap<Item>()
    const items = [0, Number.NEGATIVE_INFINITY, 1.5, Number.POSITIVE_INFINITY, Number.MAX_VALUE].map(item)
    for (const each of items) heap.push(each)
    const order: number[] = []
    for (let next = heap.peek(); next !== undefined; next = heap.peek()) {
      heap.remove(next)
      order.push(next.priority)
    }
    expect(order).toEqual([Number.POSITIVE_INFINITY, Number.MAX_VALUE, 1.5, 0, Number.NEGATIVE_INFINITY])
  })
})
