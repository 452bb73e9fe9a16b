import { captureContext, channel } from '../base/platform.ts'
import { guardedCall } from '../task/guarded-call.ts'
import type { Task } from '../task/task.ts'
import type { TaskEvent, TaskStatusEvent } from './types.ts'

/** Where every event goes as well, with or without listeners. */
export interface Tap<Event> {
  readonly wanted: boolean
  /** Whether changes of tasks are followed, by whomever. */
  readonly heard: boolean
  /** Takes note of an event as it happens; the function returned is called when listeners are. */
  note(event: Event, task: Task | undefined): () => void
}

/** Calls listeners in a microtask of their own, in the order of the events: none runs in the middle of a change. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>()
  readonly #followers = new Set<(event: Events[keyof Events]) => void>()
  readonly #tap: Tap<Events[keyof Events]>
  readonly #failed: (error: unknown) => void
  #queue: {
    readonly type: keyof Events
    readonly event: Events[keyof Events]
    readonly publish: (() => void) | undefined
  }[] = []

  constructor(tap: Tap<Events[keyof Events]>, failed: (error: unknown) => void) {
    this.#tap = tap
    this.#failed = failed
  }

  /** Whether any event is wanted at all: one check for each of a million tasks, most of which nobody listens to. */
  get heard(): boolean {
    return this.#listeners.size > 0 || this.#followers.size > 0 || this.#tap.heard
  }

  /** Whether anybody listens: events are not even made otherwise. */
  wants(type: keyof Events): boolean {
    return (this.#listeners.size > 0 && this.#listeners.has(type)) || this.#followers.size > 0 || this.#tap.wanted
  }

  on<T extends keyof Events>(type: T, listener: (event: Events[T]) => void): () => void {
    let listeners = this.#listeners.get(type)
    if (listeners === undefined) this.#listeners.set(type, (listeners = new Set()))
    const entry = (event: Events[T]) => listener(event)
    listeners.add(entry)
    return () => {
      listeners.delete(entry)
      if (listeners.size === 0 && this.#listeners.get(type) === listeners) this.#listeners.delete(type)
    }
  }

  /** Calls `listener` after every event. */
  follow(listener: (event: Events[keyof Events]) => void): () => void {
    this.#followers.add(listener)
    return () => this.#followers.delete(listener)
  }

  emit<T extends keyof Events>(type: T, event: Events[T], task?: Task): void {
    this.#queue.push({ type, event, publish: this.#tap.wanted ? this.#tap.note(event, task) : undefined })
    if (this.#queue.length === 1) queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    const queue = this.#queue
    this.#queue = []
    for (const { type, event, publish } of queue) {
      publish?.()
      for (const listener of [...(this.#listeners.get(type) ?? []), ...this.#followers]) {
        guardedCall(() => listener(event as never), this.#failed)
      }
    }
  }
}

/** A step of a task, told in the middle of it: who hears of it must not touch the task, and reads what it needs at once. */
export interface TaskChange {
  /** `joined`: another caller has got a handle of it by its key, and is who calls. */
  readonly type: TaskStatusEvent['type'] | 'stuck' | 'joined'
  readonly task: Task
  readonly manager: string
  /** Of a task that is stuck: what kind of thing it waits for. */
  readonly detail?: string
}

/**
 * For `taskscope/otel`, which may be another copy of this library: no record is made for it and no microtask taken, which
 * are most of the price of an event.
 */
export const changes = channel('taskscope:task:change')

const tasks = channel('taskscope:task')

/**
 * Publishes the events of one manager on the diagnostics channel `taskscope:task`, with its name and, of a task, its handle
 * and what its caller elsewhere has sent along; that a task was submitted, in the async context of who did.
 */
export function taskChannel(manager: string): Tap<TaskEvent> {
  return {
    get wanted() {
      return tasks.hasSubscribers
    },
    get heard() {
      return tasks.hasSubscribers || changes.hasSubscribers
    },
    note: (event, task) => {
      const message = { ...event, manager, ...(task && { handle: task.handle, origin: task.settings.origin }) }
      const publish = () => tasks.publish(message)
      if (event.type !== 'submitted') return publish
      const context = captureContext()
      return () => context.runInAsyncScope(publish)
    },
  }
}
