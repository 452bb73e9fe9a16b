import { type Known, knownOptions, present, show } from '../base/options.ts'
import { refuseWork, SPAWN_OPTIONS, type SpawnSettings, spawnSettings } from '../task/spawn-settings.ts'
import type { Work } from '../task/types.ts'
import type { BaseTask } from './base-task.ts'
import type { SubmitOptions } from './types.ts'

const SUBMIT_OPTIONS: Known<SubmitOptions> = { ...SPAWN_OPTIONS, durable: true }

/** What was handed to `submit`, checked. */
export interface Submission {
  readonly work: Work<unknown>
  readonly settings: SpawnSettings
  /** The task, if it is one, and not plain work. */
  readonly task: BaseTask<unknown> | undefined
  /** As given. */
  readonly retry: SubmitOptions['retry']
}

export function submission(
  given: BaseTask<unknown> | Work<unknown>,
  options: SubmitOptions | undefined,
  defaults?: SpawnSettings,
): Submission {
  knownOptions('options', options, SUBMIT_OPTIONS)
  if (!isTask(given)) {
    if (typeof given !== 'function') refuseWork(given)
    return { work: given, settings: spawnSettings(options, defaults), task: undefined, retry: undefined }
  }
  const { name, type, timeout, priority, retry } = given
  if (typeof type !== 'string') throw new TypeError(`type of a task must be a string, got ${show(type)}`)
  refuseTwoTypes(given, type)
  const merged = { ...present({ name, type, timeout, priority, retry }), ...present(options ?? {}) } as SubmitOptions
  return {
    work: context => given.run(context),
    settings: spawnSettings(merged, defaults),
    task: given,
    retry: merged.retry,
  }
}

/** Records are found by the one and run again by the other. */
function refuseTwoTypes(task: BaseTask<unknown>, type: string): void {
  const made: unknown = task.constructor
  if (typeof made !== 'function' || !Object.hasOwn(made, 'type')) return
  const { type: own, name } = made as { readonly type?: unknown; readonly name: string }
  if (own === undefined || own === type) return
  throw new RangeError(`type of a ${name} must be that of its class, ${show(own)}, got ${show(type)}`)
}

/** By shape, since a package may be there twice. */
function isTask(given: unknown): given is BaseTask<unknown> {
  return typeof given === 'object' && given !== null && typeof (given as Partial<BaseTask<unknown>>).run === 'function'
}
