import { show } from '../base/options.ts'
import type { Amounts } from './types.ts'

/** What to throw when amounts name something that is not there. */
export function unknownKey(key: string, known: readonly string[]): RangeError {
  return new RangeError(`amounts must name what is limited here (${known.map(show).join(', ')}), got ${show(key)}`)
}

/** For what has no keys. */
export function refuseAmounts(amounts: Amounts | undefined): void {
  for (const key in amounts) throw unknownKey(key, [])
}

/** The error of a look at what can only be taken. */
export function cannotLookOn(): TypeError {
  return new TypeError(
    'whenAvailable cannot ask an external or shared limit, which can only be taken from: use acquire, or ask the other members',
  )
}

/** A task would be started with a rate that does not count it. */
export function notNamed(key: string): TypeError {
  return new TypeError(
    `cost must say how much of ${show(key)} the task takes, such as { ${key}: 100 }, or { ${key}: 0 } for none: rates do not count 1 in a set`,
  )
}

export function nothingAsked(key: string): TypeError {
  return new TypeError(`amounts must say how much of what, such as { ${key}: 1 }: rates do not count 1 in a set`)
}

/** The error of an update that comes too late to change anything. */
export function alreadyReleased(): TypeError {
  return new TypeError('the permit was released: update it before, within the block that has it by `using`')
}
