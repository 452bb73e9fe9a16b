import { SerializationError } from '../base/errors.ts'
import { type PlainThrown, plainThrown } from '../serialize/thrown.ts'
import type { TaskAttempt, TaskProgress, TaskRecordFields } from '../task/types.ts'
import { reasonOf } from './store-error.ts'
import type { StoredTask } from './types.ts'

/** A task as it goes to the store, and what had to be left out of it. */
export interface EncodedTask {
  readonly task: StoredTask
  /** A `SerializationError` when JSON can't carry the result, and the record is stored without it. */
  readonly problem?: SerializationError
}

/**
 * A record, and the job that runs the task again, as a store keeps them. What was thrown comes back as errors of their
 * classes, texts and attempts within generous bounds; a result comes back as JSON brings it back: a `Date` is a string
 * then, a `Map` is empty.
 */
export function encodeTask(record: TaskRecordFields, job: string | undefined): EncodedTask {
  const budget = new Budget(GENEROUS)
  const plain = plainRecord(record, budget)
  const said = budget.exceeded ? { ...plain, shortened: LONG } : plain
  try {
    return { task: stored(said, job, withResult(JSON.stringify(said), record)) }
  } catch (cause) {
    const why = reasonOf(cause)
    const message = `the result of ${labelOf(record)} is not stored, JSON can't carry it (${why}): return plain data`
    return {
      task: stored(said, job, JSON.stringify({ ...said, resultLeftOut: why } satisfies PlainRecord)),
      problem: new SerializationError(message, { cause }),
    }
  }
}

const LONG = 'what was thrown, or how often, is more than a record holds'

/** What is left of a record that a store has refused: no result, little of what was thrown, and why. */
export function cutTask(record: TaskRecordFields, job: string | undefined, why: string): StoredTask {
  const plain = plainRecord(record, new Budget(SMALL))
  const cut = { ...plain, ...(record.result !== undefined && { resultLeftOut: why }), shortened: why }
  return stored(cut, job, JSON.stringify(cut satisfies PlainRecord))
}

function stored(plain: PlainRecord, job: string | undefined, record: string): StoredTask {
  const { id, name, type, tags, status, createdAt, updatedAt, endedAt, keyUntil } = plain
  return {
    id,
    name,
    ...(type !== undefined && { type }),
    ...(tags !== undefined && { tags }),
    status,
    createdAt,
    updatedAt,
    ...(endedAt !== undefined && { endedAt }),
    ...(keyUntil !== undefined && { keyUntil }),
    record,
    ...(job !== undefined && { job }),
  }
}

/** Put in as text, so that a large result is written once. */
function withResult(json: string, { result }: TaskRecordFields): string {
  if (result === undefined) return json
  requireJson(result)
  const carried = JSON.stringify(result) as string | undefined
  if (carried === undefined) throw new TypeError('its toJSON gave undefined, a function or a symbol')
  return `${json.slice(0, -1)},"result":${carried}}`
}

/** How messages call a task. */
export function labelOf({ id, name }: Pick<StoredTask, 'id' | 'name'>): string {
  return name === `task ${id}` ? name : `task ${id} "${name.slice(0, 100)}"`
}

/** A record as JSON carries it. */
export interface PlainRecord
  extends Omit<TaskRecordFields, ThrownPart | 'priority' | 'attempts' | 'progress' | 'payload'>,
    PlainParts {
  readonly priority: PlainNumber
  readonly attempts: readonly PlainAttempt[]
  readonly progress?: PlainProgress
}

/** JSON has no infinities; a priority may be one. */
type PlainNumber = number | string

type PlainAttempt = Omit<TaskAttempt, ThrownPart> & PlainParts

export interface PlainProgress extends Omit<TaskProgress, 'completed' | 'total'> {
  readonly completed: PlainNumber
  readonly total?: PlainNumber
}

/** Where something that was thrown may be. */
const THROWN = ['error', 'cleanupError', 'cancelReason'] as const
type ThrownPart = (typeof THROWN)[number]
type Parts<T> = { readonly [part in ThrownPart]?: T }
type PlainParts = Parts<PlainThrown>

/**
 * A record in a form that JSON carries, within the budget, but for its result, which is anything, and its payload, which is
 * kept in the job.
 */
function plainRecord(record: TaskRecordFields, budget: Budget): PlainRecord {
  const {
    result: _,
    payload: __,
    error,
    cleanupError,
    cancelReason,
    priority,
    attempts,
    progress,
    name,
    type,
    ...rest
  } = record
  const plain = (thrown: unknown) => budget.thrown(thrown)
  return {
    ...rest,
    name: budget.text(name),
    ...(type !== undefined && { type: budget.text(type) }),
    ...partsOf(record, plain),
    priority: plainNumber(priority),
    // The latest first: they are what is left when the budget runs out.
    attempts: budget
      .latest(attempts)
      .toReversed()
      .map(attempt => plainAttempt(attempt, plain))
      .reverse(),
    ...(progress !== undefined && { progress: plainProgress(progress, budget) }),
  }
}

function plainAttempt(attempt: TaskAttempt, plain: (thrown: unknown) => PlainThrown): PlainAttempt {
  const { error: _, ...rest } = attempt
  return { ...rest, ...partsOf(attempt, plain) }
}

/** Those that are there: a task may well throw `undefined`. */
export function partsOf<A, B>(owner: Parts<A>, change: (part: A) => B): Parts<B> {
  const there = THROWN.filter(part => part in owner)
  return Object.fromEntries(there.map(part => [part, change(owner[part] as A)]))
}

function plainProgress({ completed, total, message }: TaskProgress, budget: Budget): PlainProgress {
  return {
    completed: plainNumber(completed),
    ...(total !== undefined && { total: plainNumber(total) }),
    ...(message !== undefined && { message: budget.text(message) }),
  }
}

function plainNumber(value: number): PlainNumber {
  return Number.isFinite(value) ? value : String(value)
}

/** How much there may be of what was thrown in one record; lengths are characters. */
interface Bounds {
  /** Of each text. */
  readonly text: number
  /** Of all of them together; the shortest of texts stay, and so does what is no text. */
  readonly total: number
  /** How many attempts, the latest. */
  readonly attempts: number
}

/** Far more than a reader takes in, and little enough to be written again with each change of a task. */
const GENEROUS: Bounds = { text: 100_000, total: 2_000_000, attempts: 1_000 }
/** For a record that a store has refused. */
const SMALL: Bounds = { text: 1_000, total: 20_000, attempts: 10 }

const ALWAYS = 200
/** What an error takes beside its texts. */
const STRUCTURE = 100

type PlainError = Extract<PlainThrown, { readonly error: unknown }>['error']

/** Brings the parts of one record within bounds. */
class Budget {
  readonly attempts: number
  /** Whether anything had to be cut. */
  exceeded = false
  readonly #longest: number
  #left: number

  constructor({ text, total, attempts }: Bounds) {
    this.attempts = attempts
    this.#longest = text
    this.#left = total
  }

  text(text: string): string {
    const most = Math.max(ALWAYS, Math.min(this.#longest, this.#left))
    const kept = Math.min(text.length, most)
    this.#left -= kept
    if (kept === text.length) return text
    this.exceeded = true
    return `${text.slice(0, kept)}… (${text.length - kept} more characters)`
  }

  /** The latest of them. */
  latest<T>(items: readonly T[]): readonly T[] {
    if (items.length <= this.attempts) return items
    this.exceeded = true
    return items.slice(items.length - this.attempts)
  }

  /** What was thrown, as plain data; never throws itself. */
  thrown(thrown: unknown): PlainThrown {
    if (this.#left <= 0) return { value: this.text(reasonOf(thrown)) }
    return this.#shorten(plainThrown(thrown, value => this.#carry(value)))
  }

  #shorten(plain: PlainThrown): PlainThrown {
    if ('error' in plain) return { error: this.#error(plain.error) }
    return typeof plain.value === 'string' ? { value: this.text(plain.value) } : plain
  }

  #error({ name, message, stack, cause, errors, thrown, ...rest }: PlainError): PlainError {
    this.#left -= STRUCTURE
    const shorten = (nested: PlainThrown) => this.#shorten(nested)
    const shortenAll = (part: PlainThrown | readonly PlainThrown[]) =>
      Array.isArray(part) ? part.map(shorten) : shorten(part as PlainThrown)
    return {
      ...rest,
      name: this.text(name),
      message: this.text(message),
      ...(stack !== undefined && { stack: this.text(stack) }),
      ...(cause !== undefined && { cause: shorten(cause) }),
      ...(errors !== undefined && { errors: errors.map(shorten) }),
      ...(thrown !== undefined && {
        thrown: Object.fromEntries(Object.entries(thrown).map(([key, part]) => [key, shortenAll(part)])),
      }),
    }
  }

  /** What comes back of a value that JSON carries; throws for one that it can't, and for one that is too large. */
  #carry(value: unknown): unknown {
    requireJson(value)
    if (typeof value === 'string') return this.text(value)
    const most = Math.min(this.#longest, this.#left)
    let size = 0
    const count = (key: string, part: unknown) => {
      size += key.length + (typeof part === 'string' ? part.length : ArrayBuffer.isView(part) ? part.byteLength : 1)
      if (size <= most) return part
      this.exceeded = true
      throw new RangeError(`it has more than ${most} characters`)
    }
    const json = JSON.stringify(value, count) as string | undefined
    this.#left -= size
    return json === undefined ? undefined : JSON.parse(json)
  }
}

/** Throws for what `JSON.stringify` leaves out without a word; what it refuses itself it has to be asked about. */
export function requireJson(value: unknown): void {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new TypeError(`JSON has no ${typeof value}s`)
  }
}
