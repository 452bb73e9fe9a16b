import { SerializationError } from '../../base/errors.ts'
import { freeVariables } from './free-variables.ts'
import { functionExpression } from './function-expression.ts'
import { HELPERS } from './helpers.ts'
import { callable, outsideError, REMEDY_MODULE } from './outside-error.ts'

const NATIVE = /\{\s*\[native code\]\s*\}$/
const CLASS = /^class\b/
const COMPUTED = /^(?:async\s*)?\*?\s*\[/
const ACCESSOR = /^[gs]et\s+[^\s(]/

/** Sources that have passed, so that a closure that is made anew for each call is not looked at again each time. */
const passed = new Set<string>()
const MOST_PASSED = 1000

/**
 * The source of a function that needs nothing but its arguments and globals, so that it can be built anew elsewhere.
 *
 * A `TypeError` for what has no source that a call can use; a `SerializationError` that names what the function takes
 * from outside itself.
 */
export function sourceOf(fn: (...args: never[]) => unknown, name: string): string {
  const source = Function.prototype.toString.call(fn)
  if (passed.has(source)) return source
  refuseUncallable(source, name)
  const outside = outsideVariables(source, name)
  if (outside.length > 0) throw outsideError(name, source, outside)
  if (passed.size >= MOST_PASSED) passed.clear()
  passed.add(source)
  return source
}

function refuseUncallable(source: string, name: string): void {
  if (CLASS.test(source)) {
    throw new TypeError(`${callable(name)} is a class, which can't be called: pass a function that makes an instance`)
  }
  if (NATIVE.test(source)) {
    const what = name.startsWith('bound ') ? 'a bound function' : 'built in, bound or a Proxy'
    throw new TypeError(
      `${callable(name)} is ${what}: it has no source that could be sent to a worker. Pass an arrow function that calls ` +
        `it, or ${REMEDY_MODULE}`,
    )
  }
  if (COMPUTED.test(source) || ACCESSOR.test(source)) {
    const what = COMPUTED.test(source) ? 'a method with a computed name' : 'a getter or a setter'
    throw new TypeError(`${callable(name)} is ${what}: its source means nothing by itself. Pass an arrow function`)
  }
}

function outsideVariables(source: string, name: string): readonly string[] {
  const variables = freeVariables(expressionOf(source, name)) ?? []
  return variables.filter(variable => {
    if (variable in globalThis || Object.hasOwn(HELPERS, variable)) return false
    return !asksFirst(source, variable)
  })
}

/** `typeof window` is how code asks whether there is one: only running it shows whether it then gets along without. */
function asksFirst(source: string, variable: string): boolean {
  return new RegExp(`\\btypeof\\s*\\(?\\s*${variable.replaceAll('$', '\\$')}(?![\\w$])`).test(source)
}

function expressionOf(source: string, name: string): string {
  try {
    return functionExpression(source)
  } catch (cause) {
    throw new SerializationError(
      `${callable(name)} can't be built anew from its source, which is all a worker gets of it ` +
        `(${(cause as SyntaxError).message}): pass what it needs as arguments, or ${REMEDY_MODULE}`,
      { cause },
    )
  }
}
