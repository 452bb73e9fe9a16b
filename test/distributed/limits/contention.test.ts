import { describe, expect, it } from 'vitest'
import { KINDS, type Kind } from './kinds.ts'
import type { Taken } from './machine.ts'
import { machines, reportOf } from './machines.ts'
import { ownPrefix, SERVERS } from './servers.ts'

const CAPACITY = 20
const PER = 100
const HOUR = 3_600_000

/** How much may be granted within `time`, by what each rule promises. */
function allowed(kind: Kind, time: number): number {
  switch (kind) {
    case 'calls':
    case 'sliding-window':
      return CAPACITY * (Math.floor(time / PER) + 1)
    case 'fixed-window':
      return CAPACITY * (Math.floor(time / PER) + 2)
    default:
      return CAPACITY * (1 + time / PER)
  }
}

/** What was surely granted within a stretch is what was asked for and had within it. All stretches that matter. */
function oversteps(kind: Kind, taken: readonly Taken[]): string[] {
  const found: string[] = []
  for (const { asked: from } of taken) {
    let sum = 0
    for (const { amount, had } of taken.filter(({ asked }) => asked >= from).sort((a, b) => a.had - b.had)) {
      sum += amount
      if (sum > allowed(kind, had - from)) found.push(`${sum} within ${had - from} ms`)
    }
  }
  return found
}

/** The most that was surely held at the same time. */
function mostHeld(taken: readonly Taken[]): number {
  const changes = taken.flatMap(({ amount, had, held }) => [
    { at: had, change: amount },
    { at: held, change: -amount },
  ])
  let sum = 0
  let most = 0
  for (const { change } of changes.sort((a, b) => a.at - b.at || a.change - b.change)) {
    sum += change
    most = Math.max(most, sum)
  }
  return most
}

describe.each(SERVERS)('three machines whose clocks are hours apart, sharing on %s', (_, url) => {
  const prefix = ownPrefix()

  it.each(KINDS)('never take more than the capacity together: %s', async kind => {
    const amounts = [1, 3, 7, 2, 5, 1, 4, 6, 2, 20, 1, 3, 5]
    const rule = { kind, capacity: CAPACITY, per: PER, lease: 60_000 }
    const work = { loops: [amounts, amounts.toReversed()], hold: kind === 'resource' ? 5 : 0 }
    const children = await machines(
      ...[-HOUR, 0, HOUR].map(skew => ({ url, prefix, name: kind, ...rule, ...work, skew })),
    )
    const reports = await Promise.all(children.map(reportOf))
    const taken = reports.flat()
    expect(taken.length).toBe(amounts.length * 6)
    if (kind === 'resource') expect(mostHeld(taken)).toBeLessThanOrEqual(CAPACITY)
    else expect(oversteps(kind, taken)).toEqual([])
  })
})
