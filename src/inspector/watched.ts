import { TaskCancelledError } from '../base/errors.ts'
import { capacity } from '../base/options.ts'
import { schedulerOf, type TaskManager } from '../manager/task-manager.ts'
import type { History } from '../runner/history.ts'
import { TaskRunner } from '../runner/task-runner.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import { cancelTask } from '../task/cancel.ts'
import type { TaskRecord } from '../task/types.ts'
import type { Engine, QueueState } from '../worker/engine/engine.ts'
import { EndedTasks } from './ended-tasks.ts'

/** A manager, or what stands on one. */
interface WatchedTarget {
  readonly kind: 'manager' | 'runner' | 'worker'
  readonly manager: TaskManager
  readonly runner?: TaskRunner
  readonly engine?: Engine
  readonly queue?: () => QueueState
  readonly mode?: string
}

/** What the page asks for. */
interface Action {
  readonly action?: unknown
  readonly id?: unknown
  readonly value?: unknown
}

/** Something whose tasks are shown. A runner keeps what has ended by itself, for the others this does, as long as it is open. */
export class Watched {
  readonly kind: WatchedTarget['kind']
  readonly manager: TaskManager
  readonly engine: Engine | undefined
  /** The queue whose calls are made or run here. */
  readonly queue: (() => QueueState) | undefined
  readonly runner: TaskRunner | undefined
  readonly mode: string | undefined
  readonly scheduler: Scheduler
  readonly history: History
  readonly #stats: () => object
  readonly #close: () => void = () => {}

  constructor({ kind, manager, runner, engine, mode, queue }: WatchedTarget) {
    this.kind = kind
    this.manager = manager
    this.engine = engine
    this.queue = queue ?? engine?.queue?.bind(engine)
    this.runner = runner
    this.mode = mode
    this.scheduler = schedulerOf(manager)
    this.#stats = () => ({ ...(runner ?? manager).stats(), ...engine?.stats() })
    if (runner !== undefined) this.history = TaskRunner.recordsOf(runner).history
    else {
      const { history, close } = EndedTasks.of(this.scheduler)
      this.history = history
      this.#close = close
    }
  }

  /** What has ended with a smaller id, as a store has it, whether or not it is in the history. */
  inStore(before: number): Iterable<TaskRecord> {
    return this.runner === undefined ? [] : TaskRunner.recordsOf(this.runner).inStore(before)
  }

  stats(): object {
    return this.#stats()
  }

  /** Does what the page asks for, and answers once it is done: a cancel when the work has stopped. Throws for what can't be done. */
  async act({ action, id, value }: Action): Promise<object> {
    const { manager, scheduler, runner } = this
    switch (action) {
      case 'pause':
        manager.pause()
        return { paused: scheduler.paused }
      case 'resume':
        manager.resume()
        return { paused: scheduler.paused }
      case 'maxTasks':
        manager.maxTasks = capacity('maxTasks', value === 'Infinity' ? Number.POSITIVE_INFINITY : (value as number))
        return { maxTasks: String(manager.maxTasks) }
      case 'cancel': {
        const task = scheduler.find(id as number)
        if (task === undefined) return { cancelled: false }
        const cancelled = await cancelTask(task, new TaskCancelledError(`${task.label} was cancelled in the inspector`))
        return { cancelled, status: task.status, abandoned: task.extras?.abandoned === true }
      }
      case 'rerun':
        if (runner === undefined) throw new TypeError('only a runner can run a task again')
        return { id: runner.rerun(id as number).id }
      default:
        throw new TypeError('action must be cancel, rerun, pause, resume or maxTasks')
    }
  }

  close(): void {
    this.#close()
  }
}
