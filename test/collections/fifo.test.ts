import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fifo } from '../../src/collections/queues.ts'
import { runs } from '../fuzz/runs.ts'
import { type Item, item } from './item.ts'

/** Pushes so many, takes so many from the front, or removes one at a place between the ends. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('push' as const), amount: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant('take' as const), amount: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant('remove' as const), place: fc.double({ min: 0, max: 0.999, noNaN: true }) }),
)

function drain(fifo: Fifo<Item>): Item[] {
  const all: Item[] = []
  for (let first = fifo.peek(); first !== undefined; first = fifo.peek()) {
    fifo.remove(first)
    all.push(first)
  }
  return all
}

describe('Fifo', () => {
  it('behaves like an array, whatever is pushed, taken and removed from the middle', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const fifo = new Fifo<Item>()
        const model: Item[] = []
        for (const { kind, ...rest } of steps) {
          if (kind === 'push') {
            for (let n = 0; n < (rest as { amount: number }).amount; n += 1) {
              const each = item()
              fifo.push(each)
              model.push(each)
            }
          } else if (kind === 'take') {
            for (let n = 0; n < (rest as { amount: number }).amount && model.length > 0; n += 1) {
              const first = model.shift() as Item
              expect(fifo.peek()).toBe(first)
              fifo.remove(first)
            }
          } else if (model.length > 0) {
            const [gone] = model.splice(Math.floor((rest as { place: number }).place * model.length), 1) as [Item]
            fifo.remove(gone)
            expect(gone.position).toBe(-1)
          }
          expect(fifo.size).toBe(model.length)
          expect(fifo.peek()).toBe(model[0])
        }
        expect(drain(fifo)).toEqual(model)
      }),
      runs(100),
    )
  })

  it('is empty at first', () => {
    const fifo = new Fifo<Item>()
    expect(fifo.size).toBe(0)
    expect(fifo.peek()).toBeUndefined()
  })

  it('squeezes out the holes when it is full of them, and keeps the order', () => {
    const fifo = new Fifo<Item>()
    const items = Array.from({ length: 1000 }, () => item())
    for (const each of items) fifo.push(each)
    const kept = items.filter((_, n) => n % 7 === 0)
    for (const each of items) if (!kept.includes(each)) fifo.remove(each)
    const more = Array.from({ length: 1000 }, () => item())
    for (const each of more) fifo.push(each)
    expect(drain(fifo)).toEqual([...kept, ...more])
  })

  it('goes round its ring as long as it is used', () => {
    const fifo = new Fifo<Item>()
    const line = [item(), item(), item()]
    for (const each of line) fifo.push(each)
    for (let n = 0; n < 10_000; n += 1) {
      const first = line.shift() as Item
      expect(fifo.peek()).toBe(first)
      fifo.remove(first)
      fifo.push(first)
      line.push(first)
    }
    expect(fifo.size).toBe(3)
  })

  it('gives the memory of a burst back once it is empty', () => {
    const fifo = new Fifo<Item>()
    const heap = () => {
      globalThis.gc?.()
      return process.memoryUsage().heapUsed
    }
    const before = heap()
    for (let n = 0; n < 500_000; n += 1) fifo.push(item())
    for (let first = fifo.peek(); first !== undefined; first = fifo.peek()) fifo.remove(first)
    expect(heap() - before).toBeLessThan(2_000_000)
    fifo.push(item())
    expect(fifo.size).toBe(1)
  })
})
