import { openSource, type Source } from '../../base/source.ts'
import { isThenable, settled } from '../../base/thenable.ts'
import type { MapResults, MapSettled } from '../../manager/map-options.ts'
import { concurrency as checked } from '../shared/expect.ts'
import { startGround } from '../shared/start.ts'
import { type Control, type Input, type Mapper, pMapSkip, pMapStop, type SettledOptions } from './types.ts'

/** Every item with how it ended, as they end; throws what the input throws, and the reason of the signal. */
export function mapped<I, R>(
  input: Input<I>,
  mapper: Mapper<I, R>,
  { concurrency = Number.POSITIVE_INFINITY, signal }: SettledOptions,
  options: { readonly buffer?: number; readonly ordered: boolean; readonly stopOnError: boolean },
): MapResults<MapSettled<R | Control>> {
  const { stopOnError, ...order } = options
  const { manager } = startGround(checked('concurrency', concurrency))
  /** Items after this one are mapped no more: the loop is about to hear of it. */
  let last = Number.POSITIVE_INFINITY
  const call = async (given: I | Promise<I>, _: unknown, index: number) => {
    if (index > last) return pMapSkip
    try {
      const item = await given
      if (index > last) return pMapSkip
      const value = await mapper(item, index)
      if (value === pMapStop) last = Math.min(last, index)
      return value
    } catch (error) {
      if (stopOnError) last = Math.min(last, index)
      throw error
    }
  }
  const open = () => last === Number.POSITIVE_INFINITY
  return manager.map(whileOpen(input, open), call, { ...order, ...(signal != null && { signal }), onError: 'settle' })
}

const DONE = { done: true, value: undefined } as const

/** The same input, closed instead of asked for more once it is not `open` any more. */
function whileOpen<I>(input: Input<I>, open: () => boolean): Input<I> {
  const iterate = () => {
    const source = openSource(input as Iterable<I>)
    return { next: () => (open() ? source.next() : closed(source)), return: () => closed(source) }
  }
  const kind = Symbol.asyncIterator in Object(input) ? Symbol.asyncIterator : Symbol.iterator
  return { [kind]: iterate } as unknown as Input<I>
}

function closed(source: Source<unknown>): typeof DONE | Promise<typeof DONE> {
  const closing = source.return?.()
  return isThenable(closing) ? settled(closing).then(() => DONE) : DONE
}

export function checkInput<I>(input: Input<I>, mapper: unknown): void {
  const { [Symbol.iterator]: sync, [Symbol.asyncIterator]: async } = Object(input)
  if (sync === undefined && async === undefined) {
    throw new TypeError(`Expected \`input\` to be either an \`Iterable\` or \`AsyncIterable\`, got (${typeof input})`)
  }
  checkMapper(mapper)
}

export function checkMapper(mapper: unknown): void {
  if (typeof mapper !== 'function') throw new TypeError('Mapper function is required')
}

/**
 * How each item up to the stop ended, in the order of the input. Ends early when an item fails that `fails` says ends it,
 * unless it comes after a stop.
 */
export async function collected<R>(
  results: MapResults<MapSettled<R | Control>>,
  fails: (end: { readonly reason: unknown }) => boolean,
): Promise<MapSettled<R>[]> {
  const ends: MapSettled<R | Control>[] = []
  let stop = Number.POSITIVE_INFINITY
  /** How many of those before the stop have ended. */
  let ended = 0
  for await (const end of results) {
    if (end.index >= stop) continue
    ends[end.index] = end
    ended += 1
    if (end.status === 'rejected' && fails(end)) throw end.reason
    if (end.status === 'fulfilled' && end.value === pMapStop) {
      stop = end.index
      ended = ends.slice(0, stop).filter(Boolean).length
    }
    if (ended === stop) break
  }
  return ends.slice(0, stop) as MapSettled<R>[]
}
