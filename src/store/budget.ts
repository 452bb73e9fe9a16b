import { requireJson } from '../serialize/json.ts'
import { type PlainThrown, plainThrown } from '../serialize/thrown.ts'
import { reasonOf } from './store-error.ts'

/** How much there may be of what was thrown in one record; lengths are characters. */
export interface Bounds {
  /** Of each text. */
  readonly text: number
  /** Of all of them together; the shortest of texts stay, and so does what is no text. */
  readonly total: number
  /** How many attempts, the latest. */
  readonly attempts: number
}

/** Far more than a reader takes in, and little enough to be written again with each change of a task. */
export const GENEROUS: Bounds = { text: 100_000, total: 2_000_000, attempts: 1_000 }
/** For a record that a store has refused. */
export const SMALL: Bounds = { text: 1_000, total: 20_000, attempts: 10 }

const ALWAYS = 200
/** What an error takes beside its texts. */
const STRUCTURE = 100

type PlainError = Extract<PlainThrown, { readonly error: unknown }>['error']

/** Brings the parts of one record within bounds. */
export class Budget {
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
