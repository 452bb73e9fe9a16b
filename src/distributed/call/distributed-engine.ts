import { ManagerClosedError } from '../../base/errors.ts'
import { AttemptContext } from '../../task/context/context.ts'
import type { Engine, EngineCallOptions, PreparedCall, QueueState } from '../../worker/engine/engine.ts'
import { assertMayStartWorker } from '../../worker/functions/nesting.ts'
import { type ReferenceOptions, referTo } from '../../worker/functions/refer-to.ts'
import { type AnyFunction, unwrapped } from '../../worker/functions/registry.ts'
import { type DistributedSettings, nameOnServer } from '../options.ts'
import type { DistributedCalls } from './distributed-calls.ts'

/**
 * Runs calls on other machines, through a queue: the mode distributed. What makes the calls is loaded for the first of them:
 * most programs have none.
 */
export class DistributedEngine implements Engine {
  readonly immediate = false
  readonly #settings: DistributedSettings
  readonly #module: ReferenceOptions['module']
  readonly #log: (error: unknown, message: string) => void
  #calls: DistributedCalls | undefined
  /** The calls that wait for it to be loaded. */
  #loading = 0
  #stopped = false

  constructor(
    settings: DistributedSettings,
    module: ReferenceOptions['module'],
    log: (error: unknown, message: string) => void,
  ) {
    this.#settings = settings
    this.#module = module
    this.#log = log
  }

  carry(): never {
    throw new TypeError(
      'messages cannot be sent to a call on another machine: pass it where to find them, as a queue or a URL',
    )
  }

  prepare(fn: AnyFunction, name?: string, options: EngineCallOptions = {}): PreparedCall {
    assertMayStartWorker()
    const known = this.#nameOf(fn, name)
    return (args, task, _self, sink) =>
      this.#calls?.call(known, args, task, options, sink) ?? this.#first(known, args, task, options, sink)
  }

  /** How workers know the function; a module makes sure that no two of it go by the same name. */
  #nameOf(fn: AnyFunction, name = unwrapped(fn).name): string {
    if (this.#module !== undefined) return nameOnServer('name', referTo(fn, { module: this.#module, name }).name)
    if (nameOnServer('name', name) !== '') return name
    throw new TypeError(
      "workers elsewhere can't find an anonymous function: name it, or pass its `name` in the options",
    )
  }

  async #first(...call: Parameters<DistributedCalls['call']>): Promise<unknown> {
    const [, , task] = call
    const started = AttemptContext.postpone(task)
    this.#loading += 1
    try {
      const { DistributedCalls } = await import('./distributed-calls.ts')
      if (this.#stopped) throw new ManagerClosedError('the worker was stopped before the call was on its way')
      this.#calls ??= new DistributedCalls(this.#settings, this.#log)
    } catch (error) {
      if (!task.signal.aborted) started()
      throw error
    } finally {
      this.#loading -= 1
    }
    return this.#calls.call(...call)
  }

  queue(): QueueState {
    const calls = this.#loading + (this.#calls?.size ?? 0)
    return { name: this.#settings.queue, calls, counts: async () => this.#calls?.counts() }
  }

  stats() {
    return this.#calls?.stats() ?? { workers: 0, active: 0, dispatched: 0, crashed: 0, recycled: 0 }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#calls?.stop()
  }
}
