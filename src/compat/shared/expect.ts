import { show } from '../../base/options.ts'

/** What the packages throw for an option that will not do: a `TypeError`, also for a wrong value. */
export function expected(option: string, rule: string, value: unknown): TypeError {
  return new TypeError(`Expected \`${option}\` to be ${rule}, got \`${show(value)}\` (${typeof value})`)
}

/** A whole number from 1, or `Infinity`. */
export function concurrency(option: string, value: unknown): number {
  if ((Number.isSafeInteger(value) || value === Number.POSITIVE_INFINITY) && (value as number) >= 1)
    return value as number
  throw expected(option, 'an integer from 1 and up or `Infinity`', value)
}
