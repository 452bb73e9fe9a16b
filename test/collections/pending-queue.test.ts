import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PendingQueue } from '../../src/collections/queues.ts'
import { runs } from '../fuzz/runs.ts'
import { type Item, item } from './item.ts'

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ priority: fc.constantFrom(0, 0, 0, 1, -1, 7) }) },
  { weight: 2, arbitrary: fc.constant('take' as const) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 0.999, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant('clear' as const) },
)

/** The line as anybody would say it: higher first, then first come first served. */
function inOrder(arrived: readonly Item[]): Item[] {
  return arrived
    .map((each, arrival) => ({ each, arrival }))
    .sort((a, b) => b.each.priority - a.each.priority || a.arrival - b.arrival)
    .map(({ each }) => each)
}

describe('PendingQueue', () => {
  it('is first come first served within a priority, whatever comes, goes and is withdrawn', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const queue = new PendingQueue<Item>()
        let model: Item[] = []
        const remove = (gone: Item) => {
          queue.remove(gone)
          expect(gone.position).toBe(-1)
          model = model.filter(other => other !== gone)
        }
        for (const each of steps) {
          if (typeof each === 'object') {
            const added = item(each.priority)
            queue.push(added)
            model.push(added)
          } else if (each === 'clear') for (const gone of model) remove(gone)
          else {
            const gone = each === 'take' ? inOrder(model)[0] : model[Math.floor(each * model.length)]
            if (gone !== undefined) remove(gone)
          }
          expect(queue.size).toBe(model.length)
          expect(queue.peek()).toBe(inOrder(model)[0])
        }
      }),
      runs(100),
    )
  })

  it.each([
    ['higher', 5, 1],
    ['lower', -5, -1],
  ])('keeps the order when the first priority is not the default one but %s', (_, usual, other) => {
    const queue = new PendingQueue<Item>()
    const items = [usual, other, usual, other, 0, usual].map(item)
    for (const each of items) queue.push(each)
    for (const next of inOrder(items)) {
      expect(queue.peek()).toBe(next)
      queue.remove(next)
    }
    expect(queue.size).toBe(0)
  })

  it('numbers the arrivals', () => {
    const queue = new PendingQueue<Item>()
    expect(queue.latest).toBe(0)
    const [first, second] = [item(), item(3)]
    queue.push(first)
    queue.push(second)
    expect([first.sequence, second.sequence]).toEqual([1, 2])
    expect(queue.latest).toBe(2)
    queue.remove(second)
    expect(queue.latest).toBe(2)
  })

  it('withdraws a long line from its end', () => {
    const queue = new PendingQueue<Item>()
    const items = Array.from({ length: 50_000 }, () => item())
    for (const each of items) queue.push(each)
    const last = items.pop() as Item
    for (const each of items.reverse()) queue.remove(each)
    expect(queue.size).toBe(1)
    expect(queue.peek()).toBe(last)
  })
})
