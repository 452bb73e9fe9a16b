import { boolean, callback, capacity, iterable, oneOf, optionsObject } from '../options.ts'
import { captureContext } from '../platform.ts'
import { spawnSettings } from '../task/spawn-settings.ts'
import { type MapHooks, type MapHost, MapRun, type MapSettings } from './map-run.ts'
import type { MapFunction, MapOptions, MapResults } from './types.ts'

/** See {@link TaskManager.map}: checks the call, and starts a run for every loop over the results. */
export function mapItems<I>(
  host: MapHost,
  items: Iterable<I> | AsyncIterable<I>,
  fn: MapFunction<I, unknown>,
  options: MapOptions | undefined,
  hooks?: MapHooks<I>,
): MapResults<unknown> {
  iterable('items', items)
  callback('fn', fn)
  const settings = { ...mapSettings(options), hooks }
  const context = captureContext()
  const run = () => new MapRun(host, items, fn, settings, context)
  return {
    [Symbol.asyncIterator]: () => results(run()),
    toArray: () => collect(run()),
  }
}

async function* results<I>(run: MapRun<I>): AsyncGenerator<unknown, void, undefined> {
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
async function collect<I>(run: MapRun<I>): Promise<unknown[]> {
  const values: unknown[] = []
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

function mapSettings(options: MapOptions | undefined): Omit<MapSettings<unknown>, 'hooks'> {
  const { buffer, ordered = true, onError = 'throw', progress } = optionsObject('options', options) ?? {}
  return {
    spawn: spawnSettings(options),
    buffer: buffer === undefined ? undefined : capacity('buffer', buffer),
    ordered: boolean('ordered', ordered),
    collect: oneOf('onError', ['throw', 'collect'], onError) === 'collect',
    progress: progress === undefined ? undefined : callback('progress', progress),
  }
}
