import { type PlainThrown, revivedThrown } from '../serialize/thrown.ts'
import { recordWith } from '../task/record.ts'
import type { TaskAttempt, TaskProgress, TaskRecord, TaskRecordFields } from '../task/types.ts'
import type { Budget } from './budget.ts'

/** A record as JSON carries it. */
export interface PlainRecord
  extends Omit<TaskRecordFields, ThrownPart | 'priority' | 'attempts' | 'progress'>,
    PlainParts {
  readonly priority: PlainNumber
  readonly attempts: readonly PlainAttempt[]
  readonly progress?: PlainProgress
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

/** A record in a form that JSON carries, within the budget, but for its result: that is anything. */
export function plainRecord(record: TaskRecordFields, budget: Budget): PlainRecord {
  const { result: _, error, cleanupError, cancelReason, priority, attempts, progress, name, type, ...rest } = record
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

/** The record again, frozen as it was. */
export function revivedRecord(record: PlainRecord): TaskRecord {
  const { priority, attempts, progress, ...rest } = record
  // Of a result that was `undefined` there is nothing, of one that was left out there is the reason.
  const undefinedResult = record.status === 'done' && !('result' in record) && record.resultLeftOut === undefined
  return recordWith({
    ...rest,
    ...partsOf(record, revived),
    ...(undefinedResult && { result: undefined }),
    priority: Number(priority),
    attempts: Object.freeze(attempts.map(attempt => Object.freeze({ ...attempt, ...partsOf(attempt, revived) }))),
    ...(progress !== undefined && { progress: revivedProgress(progress) }),
  })
}

function revived(thrown: PlainThrown): unknown {
  return revivedThrown(thrown)
}

/** Those that are there: a task may well throw `undefined`. */
function partsOf<A, B>(owner: Parts<A>, change: (part: A) => B): Parts<B> {
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

function revivedProgress({ completed, total, ...rest }: PlainProgress): TaskProgress {
  return Object.freeze({ ...rest, completed: Number(completed), ...(total !== undefined && { total: Number(total) }) })
}

function plainNumber(value: number): PlainNumber {
  return Number.isFinite(value) ? value : String(value)
}
