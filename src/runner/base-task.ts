import type { Operation } from 'effection'
import { type Known, optionsObject } from '../base/options.ts'
import type { RetryOptions } from '../task/retry/retry-options.ts'
import { spawnSettings } from '../task/spawn-settings.ts'
import type { TaskContext } from '../task/types.ts'

/** What every task may be told when it is made. */
export interface TaskOptions {
  /** @default the name of the class */
  readonly name?: string
  /** Milliseconds for one attempt, from its start. @default Infinity */
  readonly timeout?: number
  /** Higher goes first. @default 0 */
  readonly priority?: number
  /** How often and when to try again. @default 0 */
  readonly retry?: number | RetryOptions
}

/** @internal */
export const TASK_OPTIONS: Known<TaskOptions> = { name: true, timeout: true, priority: true, retry: true }

/**
 * A task as a class of its own: what it needs in its fields, what it does in `run`. Submit instances to a
 * {@link TaskRunner}.
 *
 * For a store to run it again after a crash, list the class in `tasks` and give it a static `fromJSON`, which gets what
 * `JSON.stringify` made of the instance: its own `toJSON`, or else its fields. A static `type` names the class in the
 * store; without one its name does, which a minifier may change.
 *
 * ```ts
 * class Greet extends BaseTask<string> {
 *   readonly type = 'greet'
 *   readonly who: string
 *   constructor(who: string) {
 *     super()
 *     this.who = who
 *   }
 *   run() { return `hello ${this.who}` }
 *   static fromJSON({ who }: { who: string }) { return new Greet(who) }
 * }
 * ```
 */
export abstract class BaseTask<T> {
  /** A kind, for queries over records; the same as the static `type` of the class where that has one. */
  abstract readonly type: string
  /** For messages and records. @default the name of the class */
  readonly name: string = this.constructor.name
  /** Milliseconds for one attempt, from its start. @default Infinity */
  declare readonly timeout?: number
  /** Higher goes first. @default 0 */
  declare readonly priority?: number
  /** How often and when to try again. @default 0 */
  declare readonly retry?: number | RetryOptions

  constructor(options?: TaskOptions) {
    // As spawn would, but where the mistake is made. Other names are those of a subclass, which may hand on all it got.
    spawnSettings(optionsObject('options', options))
    const { name, timeout, priority, retry } = options ?? {}
    const { type } = this.constructor as Partial<BaseTaskClass>
    // For JavaScript, where a static type is enough; a field of the subclass comes later and goes before it.
    if (typeof type === 'string' && !('type' in this)) Object.assign(this, { type })
    if (name !== undefined) this.name = name
    if (timeout !== undefined) this.timeout = timeout
    if (priority !== undefined) this.priority = priority
    if (retry !== undefined) this.retry = retry
  }

  /** Does the work, as any {@link Work}. Called once per attempt. */
  abstract run(task: TaskContext): T | PromiseLike<T> | Operation<T>
}

/** A class of tasks that a store can run again. */
export interface BaseTaskClass {
  /** Names the class in the store. @default the name of the class */
  readonly type?: string
  readonly name: string
  readonly prototype: BaseTask<unknown>
  /** Makes the task again from what `JSON.stringify` made of it. */
  fromJSON(payload: never): BaseTask<unknown>
}
