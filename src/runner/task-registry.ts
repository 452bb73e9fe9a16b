import { SerializationError } from '../base/errors.ts'
import { show } from '../base/options.ts'
import { guardedCall } from '../task/guarded-call.ts'
import type { SpawnSettings } from '../task/spawn-settings.ts'
import type { BaseTask, BaseTaskClass } from './base-task.ts'
import type { RunnerLogger, SubmitOptions } from './types.ts'

/** What a store keeps of a task so that it can be run again: JSON. */
interface Job {
  /** The class, by its key. */
  readonly task: string
  readonly payload: unknown
  /** Those that differ from the defaults; functions and limits can't be kept. */
  readonly options: Pick<SubmitOptions, 'name' | 'priority' | 'timeout' | 'deadline' | 'retry'>
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
  jobOf(task: BaseTask<unknown>, settings: SpawnSettings, retry: unknown): string | undefined {
    const type = task.constructor as unknown as BaseTaskClass
    if (this.#classes.get(keyOf(type)) !== type) return undefined
    const { name, priority, timeout, deadline } = settings
    const options = { name, priority, timeout: finite(timeout), deadline: finite(deadline), retry: plain(retry) }
    try {
      return JSON.stringify(
        { task: keyOf(type), payload: task, options } satisfies Record<keyof Job, unknown>,
        withInfinity,
      )
    } catch (error) {
      throw new SerializationError(`${settings.name} can't be kept: its toJSON must give what JSON can hold`, {
        cause: error,
      })
    }
  }

  /** Makes a task again; throws what its class throws. `undefined`: its class is not registered. */
  revive(job: string): { readonly task: BaseTask<unknown>; readonly options: Job['options'] } | undefined {
    const { task: key, payload, options } = JSON.parse(job) as Job
    const task = this.#classes.get(key)?.fromJSON(payload as never)
    return task && { task, options }
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
