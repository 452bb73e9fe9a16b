import { attempt } from '../../base/attempt.ts'
import { finiteDuration, notEmpty, oneOf, show } from '../../base/options.ts'

/** Which tasks are the same task. */
export interface KeyOptions {
  /**
   * Of the tasks of one manager with the same key at most one lives at a time; another one does what `onDuplicate` says. Not
   * empty.
   */
  readonly key?: string
  /**
   * What becomes of a task whose key another one has. `'join'`: there is no second task, and the handle is one more of the
   * first. Each handle has its own `signal` and `deadline`, and a `cancel` that ends it alone; the work is cancelled by the
   * last. `'reject'`: the call throws `DuplicateKeyError`. `'replace'`: the other one is cancelled, and this one starts once
   * its work has stopped. @default 'join'
   */
  readonly onDuplicate?: 'join' | 'reject' | 'replace'
  /**
   * For so many milliseconds after its end the task counts as a duplicate too, done or failed, and a spawn that joins it gets its
   * outcome. Cancelled it gives its key up at once. Of several that joined the longest time holds. @default 0
   */
  readonly keepKeyFor?: number
}

/** What a task waits for before it stands in the queue for its first attempt. */
export interface EntrySettings {
  /** Milliseconds from its creation. */
  readonly delay: number
  /** Epoch milliseconds. */
  readonly at: number | undefined
}

/** Which task is the same task as others. */
export interface KeySettings {
  readonly key: string
  /** What has the key, if not all tasks of a manager share their keys: the name of a function. */
  readonly space: string
  /** `'anew'`: refused by one that lives, but not by one that has ended. */
  readonly onDuplicate: NonNullable<KeyOptions['onDuplicate']> | 'anew'
  /** Milliseconds after the end. */
  readonly keepFor: number
}

/** When a task may start; `undefined`: at once. */
export function entrySettings(
  delay: number | undefined,
  at: Date | undefined,
  startNow: unknown,
): EntrySettings | undefined {
  if (delay !== undefined && at !== undefined) throw new TypeError('delay and at both say when it may start: give one')
  if (startNow === true) throw new TypeError('startNow starts in the call what delay or at let wait: give one of them')
  if (at !== undefined) return { delay: 0, at: timeOf('at', at) }
  return finiteDuration('delay', delay as number) === 0 ? undefined : { delay: delay as number, at: undefined }
}

/** Which task it is the same as. */
export function keySettings(
  key: string | undefined,
  onDuplicate: KeyOptions['onDuplicate'],
  keepKeyFor: number | undefined,
): KeySettings {
  if (key === undefined) {
    throw new TypeError(
      `${onDuplicate === undefined ? 'keepKeyFor' : 'onDuplicate'} is about a key, but key is not given`,
    )
  }
  return {
    key: notEmpty('key', key),
    space: '',
    onDuplicate: onDuplicate === undefined ? 'join' : oneOf('onDuplicate', ['join', 'reject', 'replace'], onDuplicate),
    keepFor: keepKeyFor === undefined ? 0 : finiteDuration('keepKeyFor', keepKeyFor),
  }
}

/** Of a `Date` of whatever realm, which is read now: it may be set later. */
function timeOf(option: string, date: Date): number {
  const time = attempt(() => Date.prototype.getTime.call(date))
  if (time === undefined) throw new TypeError(`${option} must be a Date, got ${show(date)}`)
  if (Number.isNaN(time)) throw new RangeError(`${option} must be a valid Date, got one that is no time`)
  return time
}

/** Milliseconds since the epoch before which a task of these settings, made at `createdAt`, does not start. */
export function notBefore({ delay, at }: EntrySettings, createdAt: number): number {
  return at ?? createdAt + delay
}
