import { inspect } from 'node:util'
import { attempt } from '../base/attempt.ts'
import { show } from '../base/options.ts'
import { isError, messageOf, propertyOf } from '../base/thrown.ts'
import type { TaskRecord } from '../task/types.ts'

/** An error, or whatever was thrown in place of one, as the page shows it. */
interface PlainError {
  readonly name?: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
  readonly cause?: PlainError
  readonly errors?: readonly PlainError[]
}

const LONGEST_NAME = 300
const LONGEST_TEXT = 8_000
/** How far causes are followed, and how many errors of one that has several. */
const DEEPEST = 8
const MOST_ERRORS = 20
const MOST_ATTEMPTS = 200
const MOST_TAGS = 20

/** A text that takes its place on a page, and no more. */
export function short(text: string, longest = LONGEST_NAME): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

/** Any value as a short text: no getter of it is called, no trap of a proxy. Never throws. */
function preview(value: unknown): string {
  const text = attempt(() =>
    inspect(value, {
      depth: 4,
      maxArrayLength: 50,
      maxStringLength: 2_000,
      breakLength: 100,
      customInspect: false,
      showProxy: true,
    }),
  )
  return short(text ?? show(value), LONGEST_TEXT)
}

/** What was thrown. Never throws. */
function plainError(thrown: unknown, depth = 0): PlainError {
  if (!isError(thrown)) return { message: typeof thrown === 'string' ? short(thrown, LONGEST_TEXT) : preview(thrown) }
  const [name, code, stack, cause, errors] = (['name', 'code', 'stack', 'cause', 'errors'] as const).map(key =>
    propertyOf(thrown, key),
  )
  const inner = depth < DEEPEST
  return {
    name: short(typeof name === 'string' ? name : 'Error'),
    message: short(messageOf(thrown), LONGEST_TEXT),
    ...((typeof code === 'string' || typeof code === 'number') && { code: short(String(code)) }),
    ...(typeof stack === 'string' && { stack: short(stack, LONGEST_TEXT) }),
    ...(inner && cause !== undefined && { cause: plainError(cause, depth + 1) }),
    ...(inner &&
      Array.isArray(errors) && { errors: errors.slice(0, MOST_ERRORS).map(each => plainError(each, depth + 1)) }),
  }
}

/** What a search for an error looks at. Never throws. */
export function errorText(thrown: unknown): string {
  const name = propertyOf(thrown, 'name')
  const code = propertyOf(thrown, 'code')
  return `${typeof name === 'string' ? name : ''} ${typeof code === 'string' ? code : ''} ${messageOf(thrown)}`
}

/** Name and message, as a stack begins. */
function headline(thrown: unknown): string {
  const name = propertyOf(thrown, 'name')
  return typeof name === 'string' && name !== '' ? `${name}: ${messageOf(thrown)}` : messageOf(thrown)
}

/** A row of a list. */
export function plainRow(record: TaskRecord): object {
  const { id, name, type, status, attempt: attempts, createdAt, startedAt, endedAt, abandoned, error, tags } = record
  return {
    id,
    name: short(name),
    ...(type !== undefined && { type: short(type) }),
    status,
    attempt: attempts,
    createdAt,
    startedAt,
    endedAt,
    abandoned,
    ...(tags !== undefined && { tags: plainTags(tags) }),
    ...('error' in record && { error: short(headline(error)) }),
  }
}

/** Everything about one task. */
export function plainTask(record: TaskRecord): object {
  const { priority, updatedAt, resultLeftOut, shortened, progress, attempts, rerunOf, payload } = record
  return {
    ...plainRow(record),
    priority,
    updatedAt,
    ...(rerunOf !== undefined && { rerunOf }),
    ...(payload !== undefined && { payload: preview(payload) }),
    ...(resultLeftOut !== undefined && { resultLeftOut: short(resultLeftOut) }),
    ...(shortened !== undefined && { shortened: short(shortened) }),
    ...(progress !== undefined && { progress: plainProgress(progress) }),
    ...('result' in record && { result: preview(record.result) }),
    ...('error' in record && { error: plainError(record.error) }),
    ...('cleanupError' in record && { cleanupError: plainError(record.cleanupError) }),
    ...('cancelReason' in record && { cancelReason: plainError(record.cancelReason) }),
    attemptsLeftOut: Math.max(0, attempts.length - MOST_ATTEMPTS),
    attempts: attempts.slice(-MOST_ATTEMPTS).map(({ startedAt, endedAt, error }) => ({
      startedAt,
      endedAt,
      ...(error !== undefined && { error: plainError(error) }),
    })),
  }
}

export function plainTags(tags: readonly string[]): readonly string[] {
  return tags.slice(0, MOST_TAGS).map(tag => short(tag))
}

export function plainProgress(progress: NonNullable<TaskRecord['progress']>): object {
  const { completed, total, message } = progress
  return { completed, total, ...(message !== undefined && { message: short(String(message)) }) }
}
