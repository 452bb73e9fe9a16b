import type { Queued } from '../../src/collections/queued.ts'

/** The least that can stand in a queue. */
export interface Item extends Queued {
  readonly name: number
  priority: number
}

let names = 0

export function item(priority = 0): Item {
  names += 1
  return { name: names, priority, sequence: names, position: -1 }
}
