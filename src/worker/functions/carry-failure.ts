import { SerializationError } from '../../base/errors.ts'
import { show } from '../../base/options.ts'
import { callable } from './outside-error.ts'
import { marks } from './transfer.ts'
import { type Destination, refused, type Uncarriable, uncarriable } from './uncarriable.ts'

/** What could not be carried, and whose it is. */
export interface CarryAttempt {
  /** All arguments of a call as an array, its result, items of its stream as an array, or what workers are set up with. */
  readonly of: 'arguments' | 'result' | 'item' | 'initData'
  /** The name of the function. */
  readonly name: string
  readonly to: Destination
}

/**
 * The error for a value that `packValue`, `postMessage` or `send` refused with `cause`: says which part of it is to
 * blame, where that is, and what to do. The value is searched only now, so that what can be carried pays nothing.
 */
export function carryFailure(value: unknown, cause: unknown, { of, name, to }: CarryAttempt): SerializationError {
  const found = search(value, to)
  if (found === undefined) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new SerializationError(
      `${of === 'initData' ? of : `the ${of}`} of ${callable(name)} can't be carried to another ${to}: ${reason}`,
      {
        cause,
      },
    )
  }
  const { is, remedy, path } = found
  const [whole, inside] = placeOf(of, path)
  const part = `${whole} of ${callable(name)}${inside === '' ? '' : `, at ${inside},`}`
  return new SerializationError(`${part} is ${is}, which can't be carried to another ${to}: ${remedy}`, { cause })
}

/** Something nested deeper than the stack allows is refused by structured clone too: what that says must do then. */
function search(value: unknown, to: Destination): FoundUncarriable | undefined {
  try {
    return findUncarriable(value, to)
  } catch {
    return undefined
  }
}

function placeOf(of: CarryAttempt['of'], path: string): [whole: string, inside: string] {
  if (of === 'initData') return [of, path]
  if (of === 'result') return ['the result', path]
  const [step, index] = /^\[(\d+)\]/.exec(path) ?? ['', '']
  return [of === 'item' ? 'an item' : `argument ${Number(index) + 1}`, path.slice(step.length)]
}

/** The part of a value that can't be carried. */
interface FoundUncarriable extends Uncarriable {
  /** From the value to the part, as code would write it: `.options.onDone`, `[3]`, `.get('a')`; empty for the value. */
  readonly path: string
}

/** Finds what makes structured clone refuse a value: the first of its parts, in the order of its members. */
function findUncarriable(value: unknown, to: Destination): FoundUncarriable | undefined {
  const search = new Search(to)
  return search.visit(value, '') ?? search.suspect
}

class Search {
  readonly #to: Destination
  /** These are not cloned at all. */
  readonly #moved = new Set<unknown>()
  readonly #seen = new Set<unknown>()
  /** It was refused, but perhaps only because it refers back to something around it that is to blame. */
  suspect: FoundUncarriable | undefined

  constructor(to: Destination) {
    this.#to = to
  }

  visit(part: unknown, path: string): FoundUncarriable | undefined {
    const reason = uncarriable(part, this.#to)
    if (reason !== undefined) return { ...reason, path }
    if (typeof part !== 'object' || part === null || this.#seen.has(part) || this.#moved.has(part)) return undefined
    this.#seen.add(part)
    for (const item of marks.lists.get(part) ?? []) this.#moved.add(item)
    const found = this.#visitMembers(part, path)
    if (found !== undefined || isContainer(part)) return found
    const itself = refused(part, this.#to)
    if (itself !== undefined) this.suspect ??= { ...itself, path }
    return undefined
  }

  #visitMembers(part: object, path: string): FoundUncarriable | undefined {
    for (const [step, read] of membersOf(part)) {
      const member = attempt(read)
      if ('error' in member) return { path: path + step, ...throwing(member.error) }
      const found = this.visit(member.value, path + step)
      if (found !== undefined) return found
    }
    return undefined
  }
}

type Member = readonly [step: string, read: () => unknown]

function* membersOf(part: object): Generator<Member> {
  if (ArrayBuffer.isView(part)) yield ['.buffer', () => part.buffer]
  else if (part instanceof Error) yield ['.cause', () => part.cause]
  else if (part instanceof Map) yield* entriesOf(part)
  else if (part instanceof Set) yield* [...part].map((member, index): Member => [`.values()[${index}]`, () => member])
  else yield* Object.keys(part).map((key): Member => [stepTo(key), () => (part as Record<string, unknown>)[key]])
}

function* entriesOf(map: ReadonlyMap<unknown, unknown>): Generator<Member> {
  let index = 0
  for (const [key, value] of map) {
    yield [`.keys()[${index}]`, () => key]
    yield [`.get(${show(key)})`, () => value]
    index += 1
  }
}

function stepTo(key: string): string {
  if (/^(?:0|[1-9]\d*)$/.test(key)) return `[${key}]`
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

/** Structured clone takes these as they are, so that only what is in them can be to blame. */
function isContainer(part: object): boolean {
  if (Array.isArray(part) || part instanceof Map || part instanceof Set) return true
  const prototype = Object.getPrototypeOf(part)
  return prototype === Object.prototype || prototype === null
}

function throwing(error: unknown): Uncarriable {
  const reason = error instanceof Error ? error.message : String(error)
  return { is: `a property whose getter throws (${reason})`, remedy: 'pass the data without it' }
}

function attempt(read: () => unknown): { readonly value: unknown } | { readonly error: unknown } {
  try {
    return { value: read() }
  } catch (error) {
    return { error }
  }
}
