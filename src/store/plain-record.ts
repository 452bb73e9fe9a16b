import { throughJson } from '../serialise/json.ts'
import { type PlainThrown, plainThrown, revivedThrown } from '../serialise/thrown.ts'
import type { TaskAttempt, TaskProgress, TaskRecord } from '../task/types.ts'

/** A record as JSON carries it. */
export interface PlainRecord extends Omit<TaskRecord, ThrownPart | 'priority' | 'attempts' | 'progress'>, PlainParts {
  readonly priority: PlainNumber
  readonly attempts: readonly PlainAttempt[]
  readonly progress?: PlainProgress
  /** Why there is no `result` although there was one; of a result that was `undefined` there is neither. */
  readonly resultLeftOut?: string
}

/** JSON has no infinities; a priority may be one. */
type PlainNumber = number | string

type PlainAttempt = Omit<TaskAttempt, ThrownPart> & PlainParts

interface PlainProgress extends Omit<TaskProgress, 'completed' | 'total'> {
  readonly completed: PlainNumber
  readonly total?: PlainNumber
}

/** Where something that was thrown may be. */
const THROWN = ['error', 'cleanupError', 'cancelReason'] as const
type ThrownPart = (typeof THROWN)[number]
type Parts<T> = { readonly [part in ThrownPart]?: T }
type PlainParts = Parts<PlainThrown>

/** A record in a form that JSON carries, but for its result: that is anything. */
export function plainRecord(record: TaskRecord): PlainRecord {
  const { result: _, error, cleanupError, cancelReason, priority, attempts, progress, ...rest } = record
  return {
    ...rest,
    ...partsOf(record, plain),
    priority: plainNumber(priority),
    attempts: attempts.map(plainAttempt),
    ...(progress !== undefined && { progress: plainProgress(progress) }),
  }
}

function plainAttempt(attempt: TaskAttempt): PlainAttempt {
  const { error: _, ...rest } = attempt
  return { ...rest, ...partsOf(attempt, plain) }
}

/** The record again, frozen as it was. */
export function revivedRecord({ resultLeftOut, ...record }: PlainRecord): TaskRecord {
  const { priority, attempts, progress, ...rest } = record
  const undefinedResult = record.status === 'done' && !('result' in record) && resultLeftOut === undefined
  return Object.freeze({
    ...rest,
    ...partsOf(record, revived),
    ...(undefinedResult && { result: undefined }),
    priority: Number(priority),
    attempts: Object.freeze(attempts.map(attempt => Object.freeze({ ...attempt, ...partsOf(attempt, revived) }))),
    ...(progress !== undefined && { progress: revivedProgress(progress) }),
  })
}

function plain(thrown: unknown): PlainThrown {
  return plainThrown(thrown, throughJson)
}

function revived(thrown: PlainThrown): unknown {
  return revivedThrown(thrown)
}

/** Those that are there: a task may well throw `undefined`. */
function partsOf<A, B>(owner: Parts<A>, change: (part: A) => B): Parts<B> {
  const there = THROWN.filter(part => part in owner)
  return Object.fromEntries(there.map(part => [part, change(owner[part] as A)]))
}

function plainProgress({ completed, total, ...rest }: TaskProgress): PlainProgress {
  return { ...rest, completed: plainNumber(completed), ...(total !== undefined && { total: plainNumber(total) }) }
}

function revivedProgress({ completed, total, ...rest }: PlainProgress): TaskProgress {
  return Object.freeze({ ...rest, completed: Number(completed), ...(total !== undefined && { total: Number(total) }) })
}

function plainNumber(value: number): PlainNumber {
  return Number.isFinite(value) ? value : String(value)
}
