import { SerializationError } from '../../base/errors.ts'
import { type FoundUncarriable, findUncarriable } from './find-uncarriable.ts'
import { callable } from './outside-error.ts'
import type { Destination } from './uncarriable.ts'

/** What could not be carried, and whose it is. */
export interface CarryAttempt {
  /** All arguments of a call as an array, its result, or what workers are set up with. */
  readonly of: 'arguments' | 'result' | 'initData'
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
  const [whole, inside] = of === 'arguments' ? argumentOf(path) : [of === 'result' ? 'the result' : of, path]
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

function argumentOf(path: string): [whole: string, inside: string] {
  const [step, index] = /^\[(\d+)\]/.exec(path) ?? ['', '']
  return [`argument ${Number(index) + 1}`, path.slice(step.length)]
}
