import { iterable, type Known, knownOptions } from '../base/options.ts'
import { openSource } from '../base/source.ts'
import { zip } from '../combinators/zip.ts'
import { CALL_OPTIONS } from './call.ts'
import type { AnyFunction } from './functions/registry.ts'
import type { WorkerMapOptions } from './types.ts'

const WORKER_MAP_OPTIONS: Known<WorkerMapOptions> = {
  ...CALL_OPTIONS,
  buffer: true,
  ordered: true,
  onError: true,
  progress: true,
}

type Input = Iterable<unknown> | AsyncIterable<unknown>

/** A call of `map`, taken apart: `map(fn?, ...inputs, options?)`. */
export interface MapCall {
  readonly fn: AnyFunction | undefined
  /** The arguments for each call. */
  readonly items: Iterable<readonly unknown[]> | AsyncIterable<readonly unknown[]>
  /** How many there will be, if that is known. */
  readonly total: number | undefined
  readonly options: WorkerMapOptions
}

export function mapCall(given: readonly unknown[]): MapCall {
  const args = [...given]
  const fn = typeof args[0] === 'function' ? (args.shift() as AnyFunction) : undefined
  const last = args.at(-1)
  const options = args.length > 1 && !isInput(last) ? (args.pop() as WorkerMapOptions | undefined) : undefined
  if (args.length === 0) throw new TypeError('map needs at least one input: an iterable or an async iterable')
  for (const [index, input] of args.entries()) {
    iterable(`input ${index + 1} of map`, input as Input)
  }
  const inputs = args as Input[]
  knownOptions('options', options, WORKER_MAP_OPTIONS)
  return { fn, items: rows(inputs), total: totalOf(inputs), options: options ?? {} }
}

/** To be walked anew by every loop over the results, as far as the inputs can be. */
function rows(inputs: readonly Input[]): MapCall['items'] {
  const [only] = inputs
  if (inputs.length > 1 || only === undefined) return { [Symbol.asyncIterator]: () => zip(...inputs) }
  if (isAsync(only)) return { [Symbol.asyncIterator]: () => eachAsync(only) }
  return { [Symbol.iterator]: () => each(only) }
}

function* each(items: Iterable<unknown>): Generator<[unknown]> {
  for (const item of items) yield [item]
}

/** No generator, whose `return` would wait for the item that an idle stream does not have. */
function eachAsync(items: AsyncIterable<unknown>): AsyncIterator<[unknown]> {
  const source = openSource(items)
  return {
    async next() {
      const step = await source.next()
      return step.done === true ? step : { done: false, value: [step.value] }
    },
    async return() {
      await source.return?.()
      return { done: true, value: undefined }
    },
  }
}

function isAsync(input: Input): input is AsyncIterable<unknown> {
  return Symbol.asyncIterator in Object(input)
}

function totalOf(inputs: readonly Input[]): number | undefined {
  const sizes = inputs.map(sizeOf)
  return sizes.includes(undefined) ? undefined : Math.min(...(sizes as number[]))
}

function sizeOf(input: Input): number | undefined {
  const { length, size } = input as { readonly length?: unknown; readonly size?: unknown }
  const known = length ?? size
  return typeof known === 'number' ? known : undefined
}

/** A string is one too, but nobody who passes one as the last argument means options. */
function isInput(value: unknown): value is Input {
  if (typeof value === 'string') return true
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
}
