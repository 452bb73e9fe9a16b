import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SortingHeap } from '../../src/collections/sorting-heap.ts'
import { runs } from '../fuzz/runs.ts'
import { type Item, item } from './item.ts'

const hostile = fc.constantFrom(
  0,
  -0,
  0.5,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2 ** 35,
  2 ** 35 - 1,
  1 - 2 ** 35,
  2 ** 53,
  1e300,
  5e-324,
)
const priority = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer(), hostile)

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ burst: fc.array(priority, { maxLength: 300, size: 'max' }) }) },
  { weight: 2, arbitrary: fc.record({ take: fc.nat({ max: 300 }) }) },
  { weight: 2, arbitrary: fc.record({ remove: fc.nat({ max: 300 }), unseen: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ changed: priority, which: fc.nat() }) },
)

/** What goes first: the highest priority, and of these the earliest. */
function sorted(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) => (a.priority === b.priority ? a.sequence - b.sequence : b.priority - a.priority))
}

describe('SortingHeap', () => {
  it('behaves like a sorted array, whatever comes in bursts, is taken, removed and given another priority', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), steps => {
        const heap = new SortingHeap<Item>()
        let model: Item[] = []
        const push = (added: Item) => {
          heap.push(added)
          model.push(added)
        }
        const remove = (gone: Item) => {
          heap.remove(gone)
          expect(gone.position).toBe(-1)
          model = model.filter(other => other !== gone)
          expect(heap.size).toBe(model.length)
        }
        const takeFirst = () => {
          const [first] = sorted(model)
          expect(heap.peek()).toBe(first)
          if (first !== undefined) remove(first)
        }
        for (const each of steps) {
          if ('burst' in each) for (const priority of each.burst) push(item(priority))
          else if ('take' in each) for (let n = 0; n < each.take; n++) takeFirst()
          else if ('remove' in each) {
            if (!each.unseen) expect(heap.peek()).toBe(sorted(model)[0])
            for (let n = 0; n < each.remove; n++) if (model.length > 0) remove(model[(n * 7919) % model.length] as Item)
          } else if (model.length > 0) {
            const moved = model[each.which % model.length] as Item
            remove(moved)
            push(item(each.changed))
          }
          expect(heap.size).toBe(model.length)
        }
        while (model.length > 0) takeFirst()
        expect(heap.peek()).toBeUndefined()
      }),
      runs(100),
    )
  })

  it('keeps the order where more come at once than are sorted together, and some come late', () => {
    const heap = new SortingHeap<Item>()
    const items = Array.from({ length: 140_000 }, (_, n) => item((n * 7919) % 1009))
    const late = items.splice(70_000, 1)[0] as Item
    for (const each of items.slice(0, 100_000)) heap.push(each)
    heap.push(late)
    for (const each of items.slice(100_000)) heap.push(each)
    let wrong = 0
    for (const next of sorted([...items, late])) {
      if (heap.peek() !== next) wrong += 1
      heap.remove(next)
    }
    expect([wrong, heap.size]).toEqual([0, 0])
  })
})
