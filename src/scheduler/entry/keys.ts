import { now, startBackgroundTimer, type Timer } from '../../base/clock.ts'
import { DuplicateKeyError } from '../../base/errors.ts'
import { show } from '../../base/options.ts'
import { IndexedHeap } from '../../collections/indexed-heap.ts'
import type { Queued } from '../../collections/queued.ts'
import { watch, whenStopped } from '../../task/cancel.ts'
import type { KeySettings } from '../../task/entry/entry-settings.ts'
import type { TaskPromise } from '../../task/handle.ts'
import type { SpawnSettings } from '../../task/spawn-settings.ts'
import type { Task } from '../../task/task.ts'
import { changes } from '../events.ts'
import { Holders, type Report, Share } from './share.ts'

/** Makes a task with these settings; the one whose place it takes leaves a place in the queue. */
export type MakeTask = (settings: SpawnSettings, inPlaceOf: Task | undefined) => Task

/**
 * Which task has which key. Of those with one key at most one lives: another one joins it, is refused, or takes its place,
 * and starts once the work of the one before has stopped.
 */
export class Keys {
  readonly #entries = new Map<string, Entry>()
  readonly #kept = new IndexedHeap<Kept>()
  readonly #report: Report
  #timer: Timer | undefined
  #latest = 0

  constructor(report: Report) {
    this.#report = report
  }

  /** How many keys are in use. */
  get size(): number {
    return this.#entries.size
  }

  /** Gives a handle of the task that has the key, or of a new one. Throws `DuplicateKeyError`, and what `make` throws. */
  spawn(settings: SpawnSettings, make: MakeTask): TaskPromise<unknown> {
    const { key, onDuplicate, keepFor } = settings.key as KeySettings
    const entry = this.#entries.get(nameOf(settings))
    const live = entry?.live
    if (live !== undefined) {
      if (onDuplicate === 'reject' || onDuplicate === 'anew') throw duplicate(key, live.task.id, 'lives')
      if (onDuplicate === 'join' && !isCancelled(live.task)) {
        const { task } = live
        if (changes.hasSubscribers) changes.publish({ type: 'joined', task, manager: task.owner.settings.name })
        return live.join(settings, keepFor).handle
      }
    }
    const kept = live === undefined ? this.#keptOf(entry) : undefined
    if (kept !== undefined) {
      if (onDuplicate === 'reject') throw duplicate(key, kept.id, 'has ended, and is kept for a time,')
      if (onDuplicate === 'join') return kept.open(settings)
    }
    // The task itself has neither deadline nor signal: those are of this caller alone.
    const task = make({ ...settings, deadline: Number.POSITIVE_INFINITY, signal: undefined }, live?.task)
    const holders = new Holders(task, keepFor, this.#report)
    const share = holders.hold(settings)
    this.#take(holders)
    return share.handle
  }

  /** Takes a task over that has the key from an earlier process: it is held by nobody, and cancelled by its id alone. */
  adopt(task: Task): void {
    const { keepFor } = task.settings.key as KeySettings
    const holders = new Holders(task, keepFor, this.#report)
    holders.unattended = true
    this.#take(holders)
  }

  /** The same for one that has ended, and counts for so many milliseconds yet. */
  keep(key: string, id: number, time: number, open: Kept['open']): void {
    this.#add(this.#entryOf(key), id, time, open)
  }

  /** Whether a task has to wait for another one of its key, and stands in the queue once that has stopped. */
  holdBack(task: Task): boolean {
    const entry = this.#entries.get(nameOf(task.settings))
    if (entry === undefined) return false
    const { live, before } = entry
    if (before === undefined && (live === undefined || live.task === task)) return false
    task.more().heldBy = before ?? live?.task
    return true
  }

  /** Nothing is spawned any more. */
  clear(): void {
    this.#timer?.cancel()
    this.#entries.clear()
  }

  /** Gives a key to those who hold a new task. */
  #take(holders: Holders): void {
    const { task } = holders
    const entry = this.#entryOf(nameOf(task.settings))
    const { live: previous } = entry
    entry.live = holders
    this.#follow(holders)
    holders.arm()
    // Its signal was aborted before: it leaves everything as it was.
    if (task.ended) {
      if (previous !== undefined && !previous.task.ended) this.#entryOf(entry.name).live ??= previous
      return
    }
    if (entry.kept !== undefined) this.#forget(entry.kept)
    if (previous !== undefined) this.#replace(entry, previous.task, task)
  }

  #replace(entry: Entry, task: Task, by: Task): void {
    // One that waits itself has never run: the one that it waits for is the one to wait for.
    const waits = entry.before !== undefined
    if (!waits) entry.before = task
    if (!isCancelled(task)) {
      const { key } = by.settings.key as KeySettings
      const message = `${task.label} was replaced by task ${by.id}, which has the same key ${show(key)}`
      task.stop({ kind: 'cancel', reason: new DuplicateKeyError(message, key, by.id) })
    }
    if (!waits) this.#awaitStop(entry, task)
  }

  #awaitStop(entry: Entry, task: Task): void {
    whenStopped(task, () => {
      entry.before = undefined
      const waiting = entry.live?.task
      // Unless it waits for something else as well, and has not come this far.
      if (waiting?.extras?.heldBy !== undefined && !waiting.ended) {
        waiting.extras.heldBy = undefined
        waiting.owner.enqueue(waiting)
      }
      this.#drop(entry)
    })
  }

  #follow(holders: Holders): void {
    const { task } = holders
    const name = nameOf(task.settings)
    watch(
      task,
      () => {
        const entry = this.#entries.get(name)
        if (entry?.live === holders) this.#ended(entry, holders)
        holders.ended()
      },
      true,
    )
  }

  #ended(entry: Entry, holders: Holders): void {
    const { task, keepFor } = holders
    entry.live = undefined
    if (keepFor > 0 && (task.status === 'done' || (task.status === 'failed' && !isCancelled(task)))) {
      task.more().keyKeptFor = keepFor
      this.#add(entry, task.id, keepFor, settings => new Share(holders, settings).handle)
    }
    // Its handle has settled, but its work goes on.
    if (task.context !== undefined && entry.before === undefined) {
      entry.before = task
      this.#awaitStop(entry, task)
    }
    this.#drop(entry)
  }

  #entryOf(name: string): Entry {
    let entry = this.#entries.get(name)
    if (entry === undefined) this.#entries.set(name, (entry = new Entry(name)))
    return entry
  }

  #drop(entry: Entry): void {
    if (entry.live === undefined && entry.before === undefined && entry.kept === undefined) {
      if (this.#entries.get(entry.name) === entry) this.#entries.delete(entry.name)
    }
  }

  #keptOf(entry: Entry | undefined): Kept | undefined {
    const kept = entry?.kept
    if (kept === undefined || kept.until > now()) return kept
    this.#forget(kept)
    return undefined
  }

  #add(entry: Entry, id: number, time: number, open: Kept['open']): void {
    if (entry.kept !== undefined) this.#kept.remove(entry.kept)
    this.#latest += 1
    const kept = new Kept(entry, id, now() + time, this.#latest, open)
    entry.kept = kept
    this.#kept.push(kept)
    if (this.#kept.peek() === kept) this.#arm()
  }

  #forget(kept: Kept): void {
    kept.entry.kept = undefined
    this.#kept.remove(kept)
    if (this.#kept.size === 0) this.#arm()
    this.#drop(kept.entry)
  }

  #arm(): void {
    this.#timer?.cancel()
    const first = this.#kept.peek()
    if (first === undefined) return
    this.#timer = startBackgroundTimer(Math.max(0, first.until - now()), () => {
      const time = now()
      for (let kept = this.#kept.peek(); kept !== undefined && kept.until <= time; kept = this.#kept.peek()) {
        this.#forget(kept)
      }
      this.#arm()
    })
  }
}

/** What there is of one key. */
class Entry {
  readonly name: string
  live: Holders | undefined
  /** The one whose work has to stop before `live` may start. */
  before: Task | undefined
  kept: Kept | undefined

  constructor(name: string) {
    this.name = name
  }
}

/** A task that has ended, and has its key until some time of the monotonic clock. */
class Kept implements Queued {
  readonly entry: Entry
  readonly id: number
  /** The earlier the higher. */
  readonly priority: number
  sequence: number
  position = -1
  readonly open: (settings: SpawnSettings) => TaskPromise<unknown>

  constructor(entry: Entry, id: number, until: number, sequence: number, open: Kept['open']) {
    this.entry = entry
    this.id = id
    this.priority = -until
    this.sequence = sequence
    this.open = open
  }

  get until(): number {
    return -this.priority
  }
}

/** What the task of these settings is called among all that have keys. */
function nameOf({ key: settings }: SpawnSettings): string {
  const { key, space } = settings as KeySettings
  return space === '' ? key : `${space}\n${key}`
}

/** Whether a task ends, or has ended, because no handle wants it any more: a new spawn needs another. */
function isCancelled({ stopRequest, extras }: Task): boolean {
  const kind = (stopRequest ?? extras?.lateStop)?.kind
  return kind === 'cancel' || kind === 'deadline'
}

function duplicate(key: string, id: number, what: string): DuplicateKeyError {
  const remedy = `await that one, or say onDuplicate: 'join' or 'replace'`
  return new DuplicateKeyError(`task ${id} ${what} with the key ${show(key)}: ${remedy}`, key, id)
}
