import { show } from '../options.ts'

/** What to throw when amounts name something that is not there. */
export function unknownKey(key: string, known: readonly string[]): RangeError {
  return new RangeError(`amounts must name what is limited here (${known.map(show).join(', ')}), got ${show(key)}`)
}
