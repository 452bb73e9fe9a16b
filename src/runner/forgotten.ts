import { show } from '../base/options.ts'
import { guardedCall } from '../task/guarded-call.ts'
import type { BaseTask } from './base-task.ts'
import type { RunnerLogger } from './types.ts'

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
