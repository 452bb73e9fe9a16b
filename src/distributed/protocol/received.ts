import type { SerializationError } from '../../base/errors.ts'
import { misshapen } from '../../serialize/arrived.ts'
import { isCarrier } from '../../task/run-trace.ts'
import type { JobData } from './protocol.ts'

/** How many names are read of a list of functions. */
const MOST_NAMES = 10_000

/** The data of a job, checked. Throws `SerializationError` that says what is wrong with it. */
export function jobDataOf(data: unknown): JobData {
  const { args, task, name, timeout, limited, member, origin, stream, cache } = Object(data) as Readonly<
    Record<keyof JobData, unknown>
  >
  if (typeof args !== 'string') throw misshapen('args of the data of a job', 'a string', args)
  if (!isPair(task) || !task.every(isCount)) throw misshapen('task of the data of a job', 'two whole numbers', task)
  if (name !== undefined && typeof name !== 'string') throw misshapen('name of the data of a job', 'a string', name)
  if (timeout !== undefined && timeout !== 0 && !isDuration(timeout))
    throw misshapen('timeout of the data of a job', 'milliseconds', timeout)
  if (limited !== undefined && limited !== true) throw misshapen('limited of the data of a job', 'true', limited)
  if (member !== undefined && !isCount(member)) throw misshapen('member of the data of a job', 'a whole number', member)
  if (origin !== undefined && !isCarrier(origin))
    throw misshapen('origin of the data of a job', 'an object of strings', origin)
  if (stream !== undefined && stream !== true) throw misshapen('stream of the data of a job', 'true', stream)
  if (cache !== undefined && !(isPair(cache) && typeof cache[0] === 'string' && isDuration(cache[1])))
    throw misshapen('cache of the data of a job', 'a key and milliseconds above 0', cache)
  return data as JobData
}

/** The encoded result of a call, from what the engine keeps of its job or has published of it; `undefined` when it is none. */
export function resultIn(kept: string | undefined): string | undefined {
  const result = parsed(kept ?? '')
  return typeof result === 'string' ? result : undefined
}

/** The texts of several items, each encoded. Throws `SerializationError` for what can't be that. */
export function textsIn(text: string): readonly string[] {
  const texts = parsed(text)
  if (Array.isArray(texts) && texts.every(each => typeof each === 'string')) return texts
  throw misshapen('the items of a stream', 'JSON of strings', text)
}

/** A job has ended with what is no result of a call. */
export function noResult(kept: unknown): SerializationError {
  return misshapen('the result of a job', 'JSON of a string', kept)
}

/** What a worker says of its functions; nothing when that makes no sense. */
export function namesOf(text: string | undefined): readonly string[] {
  const names = parsed(text ?? '')
  return Array.isArray(names) ? names.slice(0, MOST_NAMES).filter(name => typeof name === 'string') : []
}

/** `undefined`, which no JSON stands for, when it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isDuration(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
}
