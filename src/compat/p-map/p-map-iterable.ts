import { concurrency as checked, expected } from '../shared/expect.ts'
import { checkInput, mapped } from './mapping.ts'
import { type Control, type Input, type IterableOptions, type Mapper, pMapSkip, pMapStop } from './types.ts'

/**
 * An async iterable of what the mapper gives, in order or as it comes. Every loop over it is a run of its own, which begins
 * with the loop; leaving the loop closes the input.
 *
 * Throws `TypeError` for wrong arguments; the loop throws what an item or its mapper threw when it is its turn.
 */
export function pMapIterable<I, R>(
  input: Input<I>,
  mapper: Mapper<I, R>,
  options: IterableOptions = {},
): AsyncIterable<Exclude<R, Control>> {
  checkInput(input, mapper)
  const concurrency = checked('concurrency', options.concurrency ?? Number.POSITIVE_INFINITY)
  const backpressure = options.backpressure ?? concurrency
  if (!isAtLeast(backpressure, concurrency)) {
    throw expected('backpressure', 'an integer from `concurrency` and up or `Infinity`', backpressure)
  }
  const ordered = options.preserveOrder ?? true
  if (typeof ordered !== 'boolean') throw expected('preserveOrder', 'a boolean', ordered)
  return {
    async *[Symbol.asyncIterator]() {
      for await (const end of mapped(
        input,
        mapper,
        { concurrency },
        { buffer: backpressure, ordered, stopOnError: true },
      )) {
        if (end.status === 'rejected') throw end.reason
        if (end.value === pMapStop) return
        if (end.value !== pMapSkip) yield end.value as Exclude<R, Control>
      }
    },
  }
}

function isAtLeast(value: unknown, least: number): boolean {
  return (Number.isSafeInteger(value) || value === Number.POSITIVE_INFINITY) && (value as number) >= least
}
