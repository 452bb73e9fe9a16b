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
