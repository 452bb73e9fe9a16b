import { WallClock } from '../base/clock.ts'
import { LinkedSet } from '../collections/queues.ts'
import type { AttemptContext } from '../task/context/context.ts'
import { recordOf } from '../task/record.ts'
import type { Task } from '../task/task.ts'
import type { TaskStatus } from '../task/types.ts'
import { changes, Emitter, type TaskChange, taskChannel } from './events.ts'
import { FailureReport } from './failure-report.ts'
import type { ManagerSettings } from './manager-settings.ts'
import type { TaskObserver } from './task-observer.ts'
import type { ManagerEvents, TaskStatusEvent } from './types.ts'
import { Waiters } from './waiters.ts'

const EVENT_OF: Record<TaskStatus, TaskStatusEvent['type']> = {
  pending: 'retrying',
  running: 'started',
  stopping: 'stopping',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
}

/**
 * How many tasks are in each status, or have ended in it. Fields and no computed keys, for speed: the engine looks such a
 * key up, twice or more for every task.
 */
class StatusCounts implements Record<TaskStatus, number> {
  pending = 0
  running = 0
  stopping = 0
  done = 0
  failed = 0
  cancelled = 0

  add(status: TaskStatus, by: 1 | -1): void {
    switch (status) {
      case 'pending':
        this.pending += by
        break
      case 'running':
        this.running += by
        break
      case 'stopping':
        this.stopping += by
        break
      case 'done':
        this.done += by
        break
      case 'failed':
        this.failed += by
        break
      case 'cancelled':
        this.cancelled += by
    }
  }
}

/** The tasks of a scheduler and what became of them: every change of a status is told here, and counts and events follow. */
export abstract class Ledger {
  readonly settings: ManagerSettings
  readonly wallClock = new WallClock()
  readonly counts = new StatusCounts()
  readonly events: Emitter<Omit<ManagerEvents, 'empty'>>
  /** Apart from the others, since it tells of the queue and of no task. */
  readonly emptied: Emitter<Pick<ManagerEvents, 'empty'>>
  readonly report: FailureReport
  observer: TaskObserver | undefined
  /** Every task that has not ended. */
  readonly live = new LinkedSet<Task>()
  /** Work that still runs although its slot was given up. */
  readonly abandoned = new Map<AttemptContext, Task>()
  /** How many pending tasks have no place in the queue yet. */
  notAccepted = 0
  readonly pendingWaiters = new Waiters()
  #index: Map<number, Task> | undefined

  constructor(settings: ManagerSettings, observer: TaskObserver | undefined) {
    this.settings = settings
    this.observer = observer
    this.report = new FailureReport(settings.logger, settings.onError)
    const listenerFailed = (error: unknown) => this.report.log(error, 'an event listener threw')
    this.events = new Emitter(taskChannel(settings.name), listenerFailed)
    this.emptied = new Emitter({ wanted: false, heard: false, note: () => () => {} }, listenerFailed)
  }

  /** How many pending tasks have a place in the queue. */
  get queueSize(): number {
    return this.counts.pending - this.notAccepted
  }

  /** Finds a task that has not ended. The index is built by the first search: most managers are never asked. */
  find(id: number): Task | undefined {
    this.#index ??= new Map([...this.live].map(task => [task.id, task]))
    return this.#index.get(id)
  }

  /** Those without a place in the queue first, so that none of them gets one that another gives up. */
  pendingInStopOrder(): Task[] {
    const pending = this.live.toArray().filter(task => task.status === 'pending')
    if (this.notAccepted === 0) return pending
    const isNotAccepted = ({ extras }: Task) => extras?.acceptance?.line !== undefined
    return [...pending.filter(isNotAccepted), ...pending.filter(task => !isNotAccepted(task))]
  }

  protected enter(task: Task): void {
    this.live.add(task)
    this.#index?.set(task.id, task)
    this.counts.add('pending', 1)
    this.observer?.entered?.(task)
    if (this.events.heard) this.#emit('submitted', task)
  }

  moved(task: Task, from: TaskStatus, to: TaskStatus): void {
    this.counts.add(from, -1)
    this.counts.add(to, 1)
    if (to === 'done' || to === 'failed' || to === 'cancelled') {
      this.live.delete(task)
      this.#index?.delete(task.id)
    }
    this.observer?.moved(task, from, to)
    if (this.events.heard) this.#tell(task, to)
    if (from !== 'pending') return
    if (this.counts.pending === 0 && this.emptied.heard) this.emptied.emit('empty', { type: 'empty' })
    if (this.pendingWaiters.size > 0) this.pendingWaiters.tell()
  }

  #tell(task: Task, to: TaskStatus): void {
    this.#emit(EVENT_OF[to], task)
    if (to === 'running' && task.attempt > 1 && task.supervised) this.#emit('restarted', task)
  }

  progressed(task: Task): void {
    this.observer?.progressed(task)
    this.#emit('progress', task)
  }

  #emit(type: TaskStatusEvent['type'], task: Task): void {
    if (changes.hasSubscribers) this.tellChange(type, task)
    if (this.events.wants(type)) this.events.emit(type, { type, record: recordOf(task) }, task)
  }

  /** @internal Tells those who follow changes, if there are any. */
  tellChange(type: TaskChange['type'], task: Task, detail?: string): void {
    changes.publish({ type, task, manager: this.settings.name, ...(detail !== undefined && { detail }) })
  }

  gaveUp(task: Task, context: AttemptContext): void {
    this.abandoned.set(context, task)
    this.#emit('abandoned', task)
  }

  abandonedStopped(context: AttemptContext): void {
    this.abandoned.delete(context)
  }

  cleanupFailed(task: Task, error: unknown): void {
    queueMicrotask(() => this.report.tell(task, error, `the cleanup of ${task.label} failed`))
  }

  blame(culprit: object, error: unknown, message: string): void {
    this.report.logOnce(culprit, error, message)
  }
}
