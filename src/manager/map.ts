import { boolean, callback, capacity, oneOf, optionsObject, show } from '../options.ts'
import { spawnSettings } from '../task/spawn-settings.ts'
import { type MapHost, MapRun, type MapSettings } from './map-run.ts'
import type { MapFunction, MapOptions, MapResults } from './types.ts'

/** See {@link TaskManager.map}: checks the call, and starts a run for every loop over the results. */
export function mapItems<I, O>(
  host: MapHost,
  items: Iterable<I> | AsyncIterable<I>,
  fn: MapFunction<I, O>,
  options: MapOptions | undefined,
): MapResults<O> {
  if (!isIterable(items)) throw new TypeError(`items must be an iterable or an async iterable, got ${show(items)}`)
  callback('fn', fn)
  const settings = mapSettings(options)
  const run = () => new MapRun(host, items, fn, settings)
  return {
    [Symbol.asyncIterator]: () => results(run()),
    toArray: () => collect(run()),
  }
}

async function* results<I, O>(run: MapRun<I, O>): AsyncGenerator<O, void, undefined> {
  try {
    for (;;) {
      const ready = run.take() ?? (await run.next())
      if (ready === undefined) return
      yield ready.value
    }
  } finally {
    await run.end()
  }
}

/** Without the cost of a generator step per item. */
async function collect<I, O>(run: MapRun<I, O>): Promise<O[]> {
  const values: O[] = []
  try {
    for (;;) {
      const ready = run.take() ?? (await run.next())
      if (ready === undefined) return values
      values.push(ready.value)
    }
  } finally {
    await run.end()
  }
}

function isIterable(items: unknown): boolean {
  if (items === null || items === undefined) return false
  const { [Symbol.iterator]: sync, [Symbol.asyncIterator]: async } = items as Partial<
    Iterable<unknown> & AsyncIterable<unknown>
  >
  return typeof sync === 'function' || typeof async === 'function'
}

function mapSettings(options: MapOptions | undefined): MapSettings {
  const { buffer, ordered = true, onError = 'throw', progress } = optionsObject('options', options) ?? {}
  return {
    spawn: spawnSettings(options),
    buffer: buffer === undefined ? undefined : capacity('buffer', buffer),
    ordered: boolean('ordered', ordered),
    collect: oneOf('onError', ['throw', 'collect'], onError) === 'collect',
    progress: progress === undefined ? undefined : callback('progress', progress),
  }
}
