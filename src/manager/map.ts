import { attempt } from '../base/attempt.ts'
import { boolean, capacity, iterable, type Known, knownOptions, oneOf, runnable } from '../base/options.ts'
import { captureContext } from '../base/platform.ts'
import { checkProgress, runReporter } from '../progress/run-reporter.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import {
  isLimitsOf,
  SPAWN_OPTIONS,
  type SpawnOptions,
  type SpawnSettings,
  spawnSettings,
  withLimits,
} from '../task/spawn-settings.ts'
import type { Task } from '../task/task.ts'
import { knownLength } from './map-input.ts'
import type { MapFunction, MapOptions, MapResults } from './map-options.ts'
import { type MapHost, type MapResult, MapRun, type MapSettings } from './map-run.ts'
import { counted, type MapProgress, reportedResults } from './reported-results.ts'

/** See {@link TaskManager.map}: checks the call, and starts a run for every loop over the results. */
export function mapItems<I>(
  scheduler: Scheduler,
  items: Iterable<I> | AsyncIterable<I>,
  fn: MapFunction<I, unknown>,
  options: MapOptions | undefined,
): MapResults<unknown> {
  iterable('items', items)
  runnable('fn', fn)
  const settings = mapSettings(options, scheduler.settings.defaults)
  const { limits, cost } = options ?? {}
  let { spawn } = settings
  const host: MapHost<I> = {
    scheduler,
    spawn(item, index, onEnd) {
      if (spawn.onEnd !== onEnd) spawn = { ...spawn, onEnd }
      const own = isLimitsOf(limits) ? withLimits(spawn, limits(item), cost) : spawn
      return scheduler.spawn(context => fn(item, context, index), own)
    },
  }
  const shown = options?.progress
  if (typeof shown === 'function') return runs(host, items, settings)
  const reporter = runReporter(shown, error => scheduler.report.log(error, 'the progress of a map could not be shown'))
  if (reporter === undefined) return runs(host, items, settings)
  const total = attempt(() => knownLength(items))
  const done: MapProgress = { completed: 0, failed: 0 }
  const ended = (task: Task) => reporter.update(counted(done, task, total))
  const run = { label: fn.name, ...(total !== undefined && { total }) }
  return reportedResults(runs({ ...host, ended }, items, settings), reporter, done, run)
}

/** Like {@link mapItems}, for those who make the tasks themselves. */
export function mapTasks<I>(
  host: MapHost<I>,
  items: Iterable<I> | AsyncIterable<I>,
  options: MapOptions,
): MapResults<unknown> {
  return runs(host, items, mapSettings(options))
}

function runs<I>(host: MapHost<I>, items: Iterable<I> | AsyncIterable<I>, settings: MapSettings): MapResults<unknown> {
  const context = captureContext()
  const run = () => new MapRun(host, items, settings, context)
  return {
    [Symbol.asyncIterator]: () => results(run(), ({ value }) => value),
    entries: () => results(run(), ({ index, value }) => [index, value]),
    toArray: () => collect(run()),
  }
}

async function* results<I, E>(run: MapRun<I>, of: (result: MapResult) => E): AsyncGenerator<E, void, undefined> {
  try {
    for (;;) {
      const ready = run.take()
      if (ready !== undefined) yield of(ready)
      else if (run.over) return
      else await run.changed()
    }
  } catch (error) {
    run.failed(error)
    throw error
  } finally {
    await run.end()
  }
}

/** Without the cost of a generator step per item. */
async function collect<I>(run: MapRun<I>): Promise<unknown[]> {
  const values: unknown[] = []
  try {
    for (;;) {
      const ready = run.take()
      if (ready !== undefined) values.push(ready.value)
      else if (run.over) return values
      else await run.changed()
    }
  } catch (error) {
    run.failed(error)
    throw error
  } finally {
    await run.end()
  }
}

const { startNow: _, key: __, onDuplicate: ___, keepKeyFor: ____, ...OF_SPAWN } = SPAWN_OPTIONS
const MAP_OPTIONS: Known<MapOptions> = { ...OF_SPAWN, buffer: true, ordered: true, onError: true, progress: true }

function mapSettings(options: MapOptions | undefined, defaults?: SpawnSettings): MapSettings {
  const known = knownOptions('options', options, MAP_OPTIONS)
  const { buffer, ordered = true, onError = 'throw', progress, limits, cost, ...others } = known ?? {}
  checkProgress(progress)
  return {
    spawn: spawnSettings(isLimitsOf(limits) ? others : (known as SpawnOptions | undefined), defaults),
    buffer: buffer === undefined ? undefined : capacity('buffer', buffer),
    ordered: boolean('ordered', ordered),
    onError: oneOf('onError', ['throw', 'collect', 'settle'], onError),
    progress: typeof progress === 'function' ? progress : undefined,
  }
}
