import { show } from '../../base/options.ts'
import { transferList } from './transfer.ts'
import { type Destination, refused, type Uncarriable, uncarriable } from './uncarriable.ts'

/** The part of a value that can't be carried. */
export interface FoundUncarriable extends Uncarriable {
  /** From the value to the part, as code would write it: `.options.onDone`, `[3]`, `.get('a')`; empty for the value. */
  readonly path: string
}

/** Finds what makes structured clone refuse a value: the first of its parts, in the order of its members. */
export function findUncarriable(value: unknown, to: Destination): FoundUncarriable | undefined {
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
    for (const item of transferList(part) ?? []) this.#moved.add(item)
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
