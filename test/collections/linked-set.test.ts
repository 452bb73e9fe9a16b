import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Linked, LinkedSet } from '../../src/collections/queues.ts'
import { runs } from '../fuzz/runs.ts'

class Link implements Linked<Link> {
  next: Link | undefined
  previous: Link | undefined
}

describe('LinkedSet', () => {
  it('behaves like an array, whatever is added and deleted', () => {
    const step = fc.option(fc.double({ min: 0, max: 0.999, noNaN: true }), { freq: 2 })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), steps => {
        const set = new LinkedSet<Link>()
        const model: Link[] = []
        for (const place of steps) {
          if (place === null) {
            const added = new Link()
            set.add(added)
            model.push(added)
          } else if (model.length > 0) {
            const [gone] = model.splice(Math.floor(place * model.length), 1) as [Link]
            set.delete(gone)
            expect(gone.next ?? gone.previous).toBeUndefined()
          }
          expect(set.size).toBe(model.length)
          const items = set.toArray()
          expect(items.length).toBe(model.length)
          expect(items.every((each, n) => each === model[n])).toBe(true)
          const last = items.at(-1)
          expect(last?.next).toBeUndefined()
        }
      }),
      runs(100),
    )
  })

  it('hands out an array that later changes leave alone', () => {
    const set = new LinkedSet<Link>()
    const links = [new Link(), new Link(), new Link()]
    for (const link of links) set.add(link)
    const items = set.toArray()
    for (const link of items) set.delete(link)
    expect(items.length).toBe(3)
    expect(set.size).toBe(0)
  })

  it('takes an item again that was deleted', () => {
    const set = new LinkedSet<Link>()
    const link = new Link()
    set.add(link)
    set.delete(link)
    set.add(link)
    expect([...set].length).toBe(1)
  })
})
