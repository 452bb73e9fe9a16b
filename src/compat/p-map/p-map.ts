import type { MapSettled } from '../../manager/map-options.ts'
import { checkInput, collected, mapped } from './mapping.ts'
import { type Control, type Input, type Mapper, type Options, pMapSkip, type SettledOptions } from './types.ts'

/**
 * The face of p-map 7: `import pMap from 'taskscope/compat/p-map'`.
 *
 * Better: what is rejected or stopped closes the input, and waits until mappers that can be told to stop have; the event loop
 * has a turn at least every 10 ms however many items are ready, so that a `signal` is heard in between.
 *
 * Different: the input is pulled one item at a time, so none is lost that was pulled ahead; and a mapper is told its item
 * and index alone, as ever: `manager.map` of `taskscope` gives it a signal, retries and limits as well.
 *
 * Rejects with what the first mapper or item threw that fails in time, with the signal's reason, or, with
 * `stopOnError: false`, with an `AggregateError`; with `TypeError` for wrong arguments.
 *
 * ```ts
 * const pages = await pMap(urls, url => fetch(url), { concurrency: 4 })
 * ```
 */
export async function pMap<I, R>(
  input: Input<I>,
  mapper: Mapper<I, R>,
  options: Options = {},
): Promise<Exclude<R, Control>[]> {
  checkInput(input, mapper)
  return valuesOf(await endsOf(input, mapper, options)).map(({ value }) => value as Exclude<R, Control>)
}

/** The same as `Promise.allSettled` has it: each item gives `{ status, value | reason }`, and none rejects the whole. */
export async function pMapSettled<I, R>(
  input: Input<I>,
  mapper: Mapper<I, R>,
  options: SettledOptions = {},
): Promise<PromiseSettledResult<Exclude<R, Control>>[]> {
  checkInput(input, mapper)
  const ends = await collected(mapped(input, mapper, options, { ordered: false, stopOnError: false }), () => false)
  return ends.filter(isNotSkipped).map(end => settledOf<Exclude<R, Control>>(end))
}

/** How every item ended when none failed, or else what `stopOnError` says. */
export async function endsOf<I, R>(
  input: Input<I>,
  mapper: Mapper<I, R>,
  { stopOnError = true, ...options }: Options,
): Promise<MapSettled<R>[]> {
  const ends = await collected(mapped(input, mapper, options, { ordered: false, stopOnError }), () => stopOnError)
  const errors = ends.flatMap(end => (end.status === 'rejected' ? [end.reason] : []))
  if (errors.length > 0) throw new AggregateError(errors)
  return ends
}

function valuesOf<R>(ends: readonly MapSettled<R>[]): Extract<MapSettled<R>, { status: 'fulfilled' }>[] {
  return ends.filter(isNotSkipped).filter(end => end.status === 'fulfilled')
}

export function isNotSkipped(end: MapSettled<unknown>): boolean {
  return end.status === 'rejected' || end.value !== pMapSkip
}

/** Without the index, which the packages do not tell. */
export function settledOf<R>(end: MapSettled<unknown>): PromiseSettledResult<R> {
  return end.status === 'rejected'
    ? { status: 'rejected', reason: end.reason }
    : { status: 'fulfilled', value: end.value as R }
}
