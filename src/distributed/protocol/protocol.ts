import { deserialize, serialize } from 'node:v8'
import { WorkerCrashedError } from '../../base/errors.ts'
import { misshapen } from '../../serialize/arrived.ts'
import { plainThrown, revivedThrown, thrownInShort } from '../../serialize/thrown.ts'
import type { Carrier } from '../../task/run-trace.ts'
import { errorClasses } from '../../worker/functions/error-classes.ts'
import { shownText } from './kept-text.ts'
import { decode, encode } from './payload.ts'

/** The data of a job; its name is that of the function. */
export interface JobData {
  /** The arguments, encoded. */
  readonly args: string
  /** The id of the task where it was called, and the number of the attempt. */
  readonly task: readonly [id: number, attempt: number]
  /** The name of the task, where it is not that of the function: it is only shown. */
  readonly name?: string
  /** Milliseconds. */
  readonly timeout?: number
  /** The task has limits: its function may ask for more of them. */
  readonly limited?: true
  /** The member of a pool that granted what was taken for it. */
  readonly member?: number
  /** What the caller's side has sent along for those who trace. */
  readonly origin?: Carrier
  /** The function gives a stream, whose items go to the caller. */
  readonly stream?: true
  /** The result is kept under this key for so many milliseconds. */
  readonly cache?: readonly [key: string, ttl: number]
}

/**
 * How a call ended that has no result. `threw`: by an error of its own. `timeout`, `stopped`: it was told to stop, and did.
 * `abandoned`: it was told to, and did not within its cleanup time.
 */
type Ending = 'threw' | 'timeout' | 'stopped' | 'abandoned'

/** What a job failed with. */
export interface Failure {
  readonly ending: Ending
  readonly error: unknown
}

/** The queue whose events workers listen to. */
export function controlQueue(queue: string): string {
  return `${queue}.control`
}

/** What callers say to all workers of a queue. */
export interface FromCaller {
  /** Stop this job if it is yours, and if it comes to you. */
  readonly cancel: { readonly jobId: string; readonly reason: string }
  /** Say that you are there. */
  readonly who: Record<never, never>
  /** There is a reader of this run of a stream, which may have sent so many items since its beginning. */
  readonly credit: { readonly jobId: string; readonly run: string; readonly total: string }
  /** To a {@link FromWorker.ask}: a result, or what was thrown, encoded. */
  readonly answer: {
    readonly jobId: string
    readonly request: string
    readonly result?: string
    readonly error?: string
  }
}

/** What workers say to all callers, beside the engine's own events. */
export interface FromWorker {
  /** This worker is there (`slots` calls at a time), or going (`0`); the names of its functions, as JSON. Workers hear it, too. */
  readonly worker: { readonly id: string; readonly slots: string; readonly functions?: string }
  /** A caller has made a call of a priority above 0. */
  readonly priorities: Record<never, never>
  /** A run of this job has begun, which gives a stream and waits for credits. */
  readonly stream: { readonly jobId: string; readonly run: string }
  /** There are items of it. */
  readonly items: { readonly jobId: string; readonly run: string }
  /** The function of this job asks something of its caller's side. */
  readonly ask: { readonly jobId: string; readonly request: string; readonly what: string }
}

/** Workers say that they are there every so many milliseconds, and count as gone after three times as long. */
export const PRESENCE = 10_000

/** A reader of a stream says that it is there every so many milliseconds. */
export const READER_BEAT = 5_000
/** Milliseconds that a worker goes on with a stream of whose reader it hears nothing. */
export const READER_LOST = 30_000

/** What the items of a run are called on the server. */
export function streamKey(queue: string, jobId: string, run: string): string {
  return `${queue}:items:${jobId}:${run}`
}

/** Events are kept until so many newer ones came. */
export const MAX_EVENTS = 10_000

/** Bytes that a question to a caller, an answer, or what was thrown may take: no work waits for more of them. */
export const MAX_WORDS = 2 ** 22

/** Characters of a message or a stack, of what is told in short. */
const SHORT = 10_000
const MARK = '\n#taskscope '
const ENDINGS: readonly string[] = ['threw', 'timeout', 'stopped', 'abandoned'] satisfies readonly Ending[]
const THROWN = { of: 'result', name: 'an error' } as const

/** What was thrown, as text; never throws. What takes more than {@link MAX_WORDS} bytes is told in short. */
export function encodeThrown(thrown: unknown): string {
  const plain = plainThrown(thrown, clonedForProcess)
  try {
    return encode(plain, THROWN, MAX_WORDS)
  } catch {
    return encode(thrownInShort(plain, SHORT), THROWN, MAX_WORDS)
  }
}

/** What was thrown; throws `SerializationError` for text that {@link encodeThrown} can't have written. */
export function decodeThrown(text: string): unknown {
  return revivedThrown(decode(text, MAX_WORDS), errorClasses())
}

function clonedForProcess(value: unknown): unknown {
  return deserialize(serialize(value))
}

/** What the engine keeps as the reason of a failed job: a line for people, and the whole for the caller. */
export function failedReason({ ending, error }: Failure): string {
  return `${summary(error)}${MARK}${ending} ${encodeThrown(error)}`
}

/**
 * The failure of a job from the reason that the engine has kept; some it gives itself. Throws `SerializationError` for one
 * that {@link failedReason} can't have written.
 */
export function failureOf(reason: string): Failure {
  if (typeof reason !== 'string') throw misshapen('the reason of a failed job', 'a string', reason)
  const at = reason.lastIndexOf(MARK)
  if (at < 0) return { ending: 'threw', error: ownFailure(reason) }
  const told = reason.slice(at + MARK.length)
  const space = told.indexOf(' ')
  const ending = told.slice(0, space)
  if (!isEnding(ending)) throw misshapen('how a job ended', ENDINGS.join(', '), ending)
  return { ending, error: decodeThrown(told.slice(space + 1)) }
}

function isEnding(ending: string): ending is Ending {
  return ENDINGS.includes(ending)
}

/** The engine fails a job itself when its workers died or froze too often, or when a worker of another library has run it. */
function ownFailure(reason: string): Error {
  if (!/stalled|started more/.test(reason)) return new Error(reason)
  return new WorkerCrashedError(
    `the workers that had this call died or froze, each time it was tried (${reason}): whether its work was done is not known`,
    null,
    null,
  )
}

function summary(error: unknown): string {
  return shownText(firstWords(error), 300).replace(/\p{Cc}+/gu, ' ')
}

function firstWords(error: unknown): string {
  try {
    if (error instanceof Error) return `${error.name}: ${error.message}`
    return String(Object(error) === error ? typeof error : error)
  } catch {
    return 'an error that can not be read'
  }
}
