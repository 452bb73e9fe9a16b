import { attempt } from './attempt.ts'

/**
 * Validation of what users hand in: a wrong type throws `TypeError`, a wrong value `RangeError`, and both name the
 * option, the rule and the value.
 */

const MAX_SHOWN = 60

/** A value as an error message shows it: short, on one line, never throwing. */
export function show(value: unknown): string {
  return attempt(() => shown(value)) ?? `${typeof value === 'function' ? 'a function' : 'an object'} that can't be read`
}

function shown(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value)
  if (typeof value === 'function') return value.name ? `function ${value.name}` : 'a function'
  if (typeof value === 'bigint') return `${value}n`
  if (value === null || typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return 'an array'
  const name = Object.getPrototypeOf(value)?.constructor?.name
  return name === undefined || name === 'Object' ? 'an object' : `an instance of ${name}`
}

/** `type` is the one that a value of the option has: where it is another one, that is what is wrong. */
function wrong(option: string, rule: string, value: unknown, type?: 'number' | 'string'): TypeError | RangeError {
  const message = `${option} must be ${rule}, got ${show(value)}`
  return typeof value === type ? new RangeError(message) : new TypeError(message)
}

/* @__NO_SIDE_EFFECTS__ */ function numberThat(rule: string, holds: (value: number) => boolean) {
  return (option: string, value: number): number => {
    if (typeof value === 'number' && holds(value)) return value
    throw wrong(option, rule, value, 'number')
  }
}

/** An options bag: `undefined` means none were given. Functions, arrays and primitives are refused. */
export function optionsObject<T extends object>(option: string, value: T | undefined): T | undefined {
  if (value === undefined) return undefined
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw wrong(option, 'an object', value)
  return value
}

/** The names of all options of `T`: the types see to it that none is missing and none too many. */
export type Known<T> = { readonly [K in keyof T]-?: true }

/** Like {@link optionsObject}, and no option may have another name than those that are known. */
export function knownOptions<T extends object>(option: string, value: T | undefined, known: Known<T>): T | undefined {
  if (optionsObject(option, value) === undefined) return undefined
  // What some code put on `Object.prototype` is nobody's option; it is asked for last, since this is on the path of every spawn.
  for (const name in value) {
    if ((known as Record<string, unknown>)[name] !== true && Object.hasOwn(value as T, name)) {
      throw unknownOption(option, name, Object.keys(known))
    }
  }
  return value
}

function unknownOption(option: string, name: string, known: readonly string[]): TypeError {
  const full = (each: string) => show(option === 'options' ? each : `${option}.${each}`)
  const meant = nearest(name, known)
  const remedy = meant === undefined ? `there are ${known.map(full).join(', ')}` : `did you mean ${full(meant)}?`
  return new TypeError(`${full(name)} must be a known option: ${remedy}`)
}

/** The options that were really given: `undefined` must not hide a default. */
export function present<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

/**
 * The same members in an object without a prototype. Node looks for its options, and for variables of an environment, on
 * `Object.prototype` too: what some code put there must not decide what is started.
 */
export function bare<T extends object>(members: T): T {
  return Object.assign(Object.create(null) as T, members)
}

/** Like {@link optionsObject}, where there is no default to fall back on. */
export function requiredObject<T extends object>(option: string, value: T): T {
  if (value === undefined) throw wrong(option, 'an object', value)
  return optionsObject(option, value) as T
}

/** Like {@link knownOptions}, where there is no default to fall back on. */
export function requiredOptions<T extends object>(option: string, value: T, known: Known<T>): T {
  return knownOptions(option, requiredObject(option, value), known) as T
}

/** Milliseconds: zero or more; `Infinity` means no limit. */
export const duration = numberThat('a number of milliseconds, zero or more (Infinity: no limit)', value => value >= 0)

/** Milliseconds: zero or more, and finite. */
export const finiteDuration = numberThat(
  'a finite number of milliseconds, zero or more',
  value => value >= 0 && value < Number.POSITIVE_INFINITY,
)

/** A stretch of time: milliseconds, more than zero and finite. */
export const interval = numberThat(
  'a positive, finite number of milliseconds',
  value => value > 0 && value < Number.POSITIVE_INFINITY,
)

/** How many of something there may be: a positive whole number or `Infinity`. */
export const capacity = numberThat('a positive integer or Infinity', value => value >= 1 && isWhole(value))

/** Like {@link capacity}, but none at all is a choice too. */
export const count = numberThat('zero, a positive integer or Infinity', value => value >= 0 && isWhole(value))

/** How many within a time: like {@link capacity}, but finite, since a rate without end is no rate. */
export const finiteCapacity = numberThat('a positive integer', value => value >= 1 && Number.isSafeInteger(value))

/** Any number but `NaN`: priorities. */
export const ordering = numberThat('a number', value => !Number.isNaN(value))

/** A share of a whole. */
export const fraction = numberThat('a number from 0 to 1', value => value >= 0 && value <= 1)

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) || value === Number.POSITIVE_INFINITY
}

/** How much of something is asked for: a whole number within the range, zero included where `least` is zero. */
export function amount(option: string, value: number, least: number, capacity: number): number {
  // On the path of every acquire: the message is made only when it is needed.
  if (Number.isSafeInteger(value) && value >= least && value <= capacity) return value
  throw wrong(option, `a whole number from ${least} to ${capacity}`, value, 'number')
}

export function string(option: string, value: string): string {
  if (typeof value !== 'string') throw wrong(option, 'a string', value)
  return value
}

export function notEmpty(option: string, value: string): string {
  if (string(option, value) === '') throw wrong(option, 'a string that is not empty', value, 'string')
  return value
}

export function boolean(option: string, value: boolean): boolean {
  if (typeof value !== 'boolean') throw wrong(option, 'true or false', value)
  return value
}

export function callback<F>(option: string, value: F): F {
  if (typeof value !== 'function') throw wrong(option, 'a function', value)
  return value
}

/** The prototype of each `async function*`. */
export const ASYNC_GENERATOR_FUNCTION: unknown = Object.getPrototypeOf(async function* () {})

/** Whether a call of it runs it: that of an `async function*` makes an object, and runs nothing until that is read. */
export function isRunnable<F>(value: F): value is F & ((...args: never[]) => unknown) {
  return typeof value === 'function' && Object.getPrototypeOf(value) !== ASYNC_GENERATOR_FUNCTION
}

/** A function that is called for what it does. */
export function runnable<F>(option: string, value: F): F {
  if (isRunnable(callback(option, value))) return value
  throw new TypeError(`${option} must be a function that runs when it is called: of an async function* nothing would`)
}

export function oneOf<const T extends string>(option: string, choices: readonly T[], value: T): T {
  if (choices.includes(value)) return value
  throw wrong(option, `one of ${choices.map(choice => `'${choice}'`).join(', ')}`, value, 'string')
}

/** An `AbortSignal`, recognised by shape, so that one of another realm or a polyfill will do. */
export function abortSignal(option: string, value: AbortSignal): AbortSignal {
  if (typeof value?.addEventListener !== 'function' || typeof value.aborted !== 'boolean') {
    throw wrong(option, 'an AbortSignal', value)
  }
  return value
}

/** Anything that a `for` or a `for await` loop takes. */
export function iterable<T>(option: string, value: Iterable<T> | AsyncIterable<T>): Iterable<T> | AsyncIterable<T> {
  const { [Symbol.iterator]: sync, [Symbol.asyncIterator]: async } = Object(value) as Partial<
    Iterable<T> & AsyncIterable<T>
  >
  if (typeof sync !== 'function' && typeof async !== 'function') {
    throw wrong(option, 'an iterable or an async iterable', value)
  }
  // The handle of a task, or another promise that is an operation as well: iterating it is for `yield*`.
  if (typeof async !== 'function' && typeof (value as Partial<PromiseLike<T>>).then === 'function') {
    throw new TypeError(`${option} must be a list, got one promise, ${show(value)}: write [it], or await it first`)
  }
  return value
}

/** Longer names are not typed by hand. */
const LONGEST = 60

/** The one of the names that a mistyped one is most like; `undefined` when it is not like any. */
export function nearest(mistyped: string, names: readonly string[]): string | undefined {
  if (mistyped.length > LONGEST) return undefined
  const ranked = names.map(name => ({ name, distance: distance(mistyped.toLowerCase(), name.toLowerCase()) }))
  const [best] = ranked.sort((a, b) => a.distance - b.distance)
  if (best === undefined || best.distance * 2 > Math.max(mistyped.length, best.name.length)) return undefined
  return best.name
}

/** How many letters must be put in, left out or changed (Levenshtein), row by row. */
function distance(from: string, to: string): number {
  let before = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const changed = (before[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1)
      row.push(Math.min(changed, (before[j] as number) + 1, (row[j - 1] as number) + 1))
    }
    before = row
  }
  return before[to.length] as number
}

/** What the classes that are started give their own constructors: nobody else has it. */
export const STARTING = Symbol('starting')

/** Refuses `new` from outside, which the types forbid but JavaScript does not. */
export function refuseNew(name: string, key: typeof STARTING): void {
  if (key !== STARTING)
    throw new TypeError(`a ${name} must be started: await ${name}.start(options), not new ${name}()`)
}
