import { SerializationError } from '../base/errors.ts'
import { isRunnable, type Known, knownOptions, present, runnable, show } from '../base/options.ts'
import { guardedCall } from '../task/guarded-call.ts'
import { type KeptJob, refuseWork, SPAWN_OPTIONS, type SpawnSettings, spawnSettings } from '../task/spawn-settings.ts'
import type { Work } from '../task/types.ts'
import type { BaseTask, BaseTaskClass } from './base-task.ts'
import type { RunnerLogger, SubmitOptions } from './types.ts'

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
    if (!isRunnable(given)) refuseWork(given)
    return { work: given, settings: spawnSettings(options, defaults), task: undefined, retry: undefined }
  }
  const { name, type, timeout, priority, retry } = given
  runnable('run of a task', given.run)
  if (typeof type !== 'string') throw new TypeError(`type of a task must be a string, got ${show(type)}`)
  refuseTwoTypes(given, type)
  const merged = { name, type, timeout, priority, retry, ...(options && present(options)) } as SubmitOptions
  return {
    work: context => given.run(context),
    settings: spawnSettings(merged, defaults),
    task: given,
    retry: merged.retry,
  }
}

/** What was submitted before, made again from its job. */
export function resubmission(
  { task, options, job }: Revived,
  deadline: number | undefined,
  defaults: SpawnSettings,
): Submission {
  const made = submission(task, present({ ...options, deadline }) as SubmitOptions, defaults)
  return { ...made, settings: { ...made.settings, job } }
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

type KeptOption = 'name' | 'tags' | 'priority' | 'timeout' | 'deadline' | 'retry' | 'delay' | 'key' | 'keepKeyFor'

/** What is kept of a task so that it can be run again: JSON. */
interface JobFields {
  /** The class, by its key. */
  readonly task: string
  readonly payload: unknown
  /** Those that differ from the defaults; functions and limits can't be kept. */
  readonly options: Pick<SubmitOptions, KeptOption> & {
    /** Epoch milliseconds. */
    readonly at?: number
  }
  readonly rerunOf?: number
}

class Job implements KeptJob {
  readonly text: string
  readonly rerunOf: number | undefined

  constructor(fields: JobFields) {
    this.text = JSON.stringify(fields, withInfinity)
    this.rerunOf = fields.rerunOf
  }

  get payload(): unknown {
    return payloadOf(this.text)
  }
}

/** What a job has as the payload of its task. */
export function payloadOf(job: string): unknown {
  return (JSON.parse(job) as JobFields).payload
}

/** A task that was made again from its job. */
export interface Revived {
  readonly task: BaseTask<unknown>
  readonly options: SubmitOptions
  readonly job: KeptJob
}

/** The classes of tasks that a store can run again. */
export class TaskRegistry {
  readonly #classes = new Map<string, BaseTaskClass>()

  constructor(classes: Iterable<BaseTaskClass>) {
    for (const type of classes) this.#register(type)
  }

  #register(type: BaseTaskClass): void {
    const { prototype, fromJSON, name } = Object(type) as Partial<BaseTaskClass>
    if (typeof type !== 'function' || typeof prototype?.run !== 'function') {
      throw new TypeError(`tasks must be classes that extend BaseTask, got ${show(type)}`)
    }
    if (typeof fromJSON !== 'function') {
      throw new TypeError(`tasks: ${name} needs a static fromJSON(payload) that makes the task again`)
    }
    const own: unknown = Object(type).type
    if (own !== undefined && (typeof own !== 'string' || own === '')) {
      throw new TypeError(`tasks: the static type of ${name} must be a string that is not empty, got ${show(own)}`)
    }
    const key = keyOf(type)
    const other = this.#classes.get(key)
    if (other !== undefined && other !== type) {
      throw new RangeError(`tasks: two classes are called "${key}" in the store: give one a static type of its own`)
    }
    this.#classes.set(key, type)
  }

  /** How to run a task again; `undefined` when its class is not registered. Throws when it can't be made JSON. */
  jobOf(task: BaseTask<unknown>, settings: SpawnSettings, retry: unknown): KeptJob | undefined {
    const type = task.constructor as unknown as BaseTaskClass
    if (this.#classes.get(keyOf(type)) !== type) return undefined
    const { name, tags, priority, timeout, deadline, entry, key } = settings
    const all = { name, tags, priority, timeout: finite(timeout), deadline: finite(deadline), retry: plain(retry) }
    const options = {
      ...all,
      ...(key !== undefined && { key: key.key, keepKeyFor: key.keepFor }),
      ...(entry !== undefined && (entry.at === undefined ? { delay: entry.delay } : { at: entry.at })),
    }
    try {
      return new Job({ task: keyOf(type), payload: task, options: options as JobFields['options'] })
    } catch (error) {
      throw new SerializationError(`${settings.name} can't be kept: its toJSON must give what JSON can hold`, {
        cause: error,
      })
    }
  }

  /**
   * Makes a task again, as the repetition of another one if that is named, which has nothing to wait for; throws what its class
   * throws. `undefined`: its class is not registered.
   */
  revive(job: string, rerunOf?: number): Revived | undefined {
    const { options: given, ...fields } = JSON.parse(job) as JobFields
    const type = this.#classes.get(fields.task)
    if (type === undefined) return undefined
    const { delay, at, ...options } = given
    // Before the class has its hands on what is parsed.
    const kept = new Job(rerunOf === undefined ? { ...fields, options: given } : { ...fields, options, rerunOf })
    const task = type.fromJSON(fields.payload as never)
    if (rerunOf !== undefined) return { task, options, job: kept }
    return {
      task,
      options: { ...options, ...(delay !== undefined && { delay }), ...(at !== undefined && { at: new Date(at) }) },
      job: kept,
    }
  }
}

const { rawJSON } = JSON as typeof JSON & { rawJSON(text: string): unknown }

/** JSON has no `Infinity` and makes it `null`, which no duration may be; but it reads a number that is too large as one. */
function withInfinity(_key: string, value: unknown): unknown {
  if (value === Number.POSITIVE_INFINITY) return rawJSON('1e999')
  return value === Number.NEGATIVE_INFINITY ? rawJSON('-1e999') : value
}

function keyOf(type: BaseTaskClass): string {
  return typeof type.type === 'string' ? type.type : type.name
}

function finite(value: number): number | undefined {
  return value === Number.POSITIVE_INFINITY ? undefined : value
}

/** Retries that JSON brings back as they were; with functions in them they are left to the task itself. */
function plain(retry: unknown): unknown {
  if (typeof retry !== 'object' || retry === null) return retry
  return Object.values(retry).every(value => ['number', 'string'].includes(typeof value)) ? retry : undefined
}

/** Says which tasks a store can't run again, once of each class and once of functions. */
export class Forgotten {
  readonly #logger: RunnerLogger | false
  readonly #told = new WeakSet<object>()

  constructor(logger: RunnerLogger | false = { error() {}, warn: (_, message) => console.warn(message) }) {
    this.#logger = logger
  }

  /** A task was submitted that is not kept; `undefined` is a function. */
  tell(task: BaseTask<unknown> | undefined): void {
    const type: object = task === undefined ? Function : task.constructor
    if (this.#logger === false || this.#told.has(type)) return
    this.#told.add(type)
    const { name } = type as { readonly name?: unknown }
    const [what, remedy] =
      task === undefined
        ? ['a function', 'submit a task of a class that is in tasks']
        : [`a task of the class ${show(name)}`, 'put that class in tasks']
    const message = `${what} was submitted, which the store can't run again after a crash: ${remedy}, or say recover: 'fail'`
    const { warn } = this.#logger
    guardedCall(
      () => warn?.call(this.#logger, { type: task?.type }, message),
      () => {},
    )
  }
}
