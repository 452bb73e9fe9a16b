import { optionsObject, present, show } from '../options.ts'
import { type SpawnSettings, spawnSettings } from '../task/spawn-settings.ts'
import type { Work } from '../task/types.ts'
import { checkWork } from '../task/work.ts'
import type { BaseTask } from './base-task.ts'
import type { SubmitOptions } from './types.ts'

/** What was handed to `submit`, checked. */
export interface Submission {
  readonly work: Work<unknown>
  readonly settings: SpawnSettings
  /** The task, if it is one, and not plain work. */
  readonly task: BaseTask<unknown> | undefined
  /** As given. */
  readonly retry: SubmitOptions['retry']
}

export function submission(given: BaseTask<unknown> | Work<unknown>, options: SubmitOptions | undefined): Submission {
  if (!isTask(given)) {
    checkWork(given)
    return { work: given, settings: spawnSettings(options), task: undefined, retry: undefined }
  }
  const { name, type, timeout, priority, retry } = given
  if (typeof type !== 'string') throw new TypeError(`type of a task must be a string, got ${show(type)}`)
  optionsObject('options', options)
  const merged = { ...present({ name, type, timeout, priority, retry }), ...present(options ?? {}) } as SubmitOptions
  return {
    work: context => given.run(context),
    settings: spawnSettings(merged),
    task: given,
    retry: merged.retry,
  }
}

/** By shape, since a package may be there twice. */
function isTask(given: unknown): given is BaseTask<unknown> {
  return typeof given === 'object' && given !== null && typeof (given as Partial<BaseTask<unknown>>).run === 'function'
}
