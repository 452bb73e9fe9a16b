import { schedulerOf, type TaskManager } from '../manager/task-manager.ts'
import type { History } from '../runner/records.ts'
import { TaskRunner } from '../runner/task-runner.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import type { Engine } from '../worker/engine/engine.ts'
import { EndedTasks } from './ended-tasks.ts'

/** A manager, or what stands on one. */
interface WatchedTarget {
  readonly kind: 'manager' | 'runner' | 'worker'
  readonly manager: TaskManager
  readonly runner?: TaskRunner
  readonly engine?: Engine
  readonly mode?: string
}

/** Something whose tasks are shown. A runner keeps what has ended by itself, for the others this does, as long as it is open. */
export class Watched {
  readonly kind: WatchedTarget['kind']
  readonly manager: TaskManager
  readonly engine: Engine | undefined
  readonly mode: string | undefined
  readonly scheduler: Scheduler
  readonly history: History
  readonly #stats: () => object
  readonly #close: () => void = () => {}

  constructor({ kind, manager, runner, engine, mode }: WatchedTarget) {
    this.kind = kind
    this.manager = manager
    this.engine = engine
    this.mode = mode
    this.scheduler = schedulerOf(manager)
    this.#stats = () => ({ ...(runner ?? manager).stats(), ...engine?.stats() })
    if (runner !== undefined) this.history = TaskRunner.historyOf(runner)
    else {
      const { history, close } = EndedTasks.of(this.scheduler)
      this.history = history
      this.#close = close
    }
  }

  stats(): object {
    return this.#stats()
  }

  close(): void {
    this.#close()
  }
}
