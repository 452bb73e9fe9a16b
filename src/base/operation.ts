import type { Effect, Operation } from 'effection'
import { show } from './options.ts'
import type { AsyncContext } from './platform.ts'

type Steps = Iterator<Effect<unknown>, unknown, unknown>

/**
 * Whether what a function returned is to be run rather than to be the result: an iterable that is no collection. Never
 * calls its iterator, which may have effects (effection's `call` starts its function there).
 */
export function isOperation(value: object): value is Operation<unknown> {
  if (typeof (value as Partial<Operation<unknown>>)[Symbol.iterator] !== 'function') return false
  if (Array.isArray(value) || ArrayBuffer.isView(value) || value instanceof Map || value instanceof Set) return false
  const { next, throw: throwInto } = value as Partial<Iterator<unknown>>
  const isIterator = typeof next === 'function'
  return !isIterator || typeof throwInto === 'function'
}

let ownStep = false

/** Whether an operation that {@link inContext} runs is being stepped through right now, not one that it has spawned. */
export function inOwnStep(): boolean {
  return ownStep
}

/**
 * The operation with every step and every effect in `context`: an operation is resumed by the code that resolves what it waits
 * for, and would otherwise see that party's AsyncLocalStorage.
 *
 * An iterable turns out to be a plain collection when its iterator cannot be thrown into or its first step is no effect:
 * then it is the result itself.
 */
export function inContext(operation: Operation<unknown>, context: AsyncContext): Operation<unknown> {
  return {
    [Symbol.iterator]() {
      const steps = context.runInAsyncScope(() => operation[Symbol.iterator]())
      if (typeof steps.throw !== 'function') return resultOnly(operation)
      let first = true
      const check = (step: IteratorResult<Effect<unknown>, unknown>): IteratorResult<Effect<unknown>, unknown> => {
        if (step.done === true) return step
        if (typeof (step.value as Effect<unknown> | undefined)?.enter === 'function') {
          first = false
          return { done: false, value: effectIn(step.value, context) }
        }
        if (first && (steps as unknown) !== operation) {
          steps.return?.()
          return { done: true, value: operation }
        }
        throw new TypeError(
          `the task yielded ${show(step.value)}, which is no effection operation: use \`yield*\`, and \`until(promise)\` for a promise`,
        )
      }
      const step = (to: (input: unknown) => ReturnType<Steps['next']>, input: unknown) => {
        const before = ownStep
        ownStep = true
        try {
          return check(context.runInAsyncScope(to, steps, input))
        } finally {
          ownStep = before
        }
      }
      const guarded: Steps = {
        next: input => step(steps.next, input),
        throw: error => step(steps.throw as NonNullable<Steps['throw']>, error),
      }
      if (steps.return !== undefined) {
        guarded.return = value => step(steps.return as NonNullable<Steps['return']>, value)
      }
      return guarded
    },
  }
}

/** An effect calls code of the task as it starts and ends, and its children live on in the context that resumes it. */
function effectIn(effect: Effect<unknown>, context: AsyncContext): Effect<unknown> {
  return {
    description: effect.description,
    enter(resolve, routine) {
      const resume: typeof resolve = result => context.runInAsyncScope(resolve, undefined, result)
      const exit = context.runInAsyncScope(effect.enter, effect, resume, routine)
      return exited => context.runInAsyncScope(exit, undefined, exited)
    },
  }
}

function resultOnly(value: unknown): Steps {
  return { next: () => ({ done: true, value }) }
}

/**
 * What an operation has thrown, if anything. Effection 4.1.1 looks at whatever passes through it as an error: where that
 * can't be read, the work hangs or seems to have succeeded.
 */
export interface KeptError {
  thrown?: { readonly error: unknown }
}

/** Runs `operation` and keeps what it throws, also while it is halted; what the teardown of its scope throws goes on. */
export function* keepingError<T>(operation: Operation<T>, kept: KeptError): Operation<T | undefined> {
  try {
    return yield* operation
  } catch (error) {
    kept.thrown = { error }
    return undefined
  }
}

/** Belongs into a `finally`: throws what was kept. */
export function throwKept(kept: KeptError): void {
  if (kept.thrown !== undefined) throw kept.thrown.error
}
