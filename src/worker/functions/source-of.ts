import type { Session } from 'node:inspector'
import { SerializationError } from '../../base/errors.ts'
import { functionExpression, HELPERS } from './function-expression.ts'
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

const IDENTIFIER = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu
/** Strict mode takes none of these as a variable. */
const RESERVED = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export extends false
  finally for function if implements import in instanceof interface let new null package private protected public return
  static super switch this throw true try typeof var void while with yield`.split(/\s+/),
)

/**
 * The variables that a function expression takes from outside itself, globals included; `arguments` when an arrow
 * function uses those of the function around it. `undefined` when that can't be told here.
 *
 * The engine itself is asked, since telling a variable from a property, a label or a shadowed name takes a full parser:
 * each word of the source is declared around the function, and those that it then keeps alive are the ones it uses.
 */
export function freeVariables(expression: string): readonly string[] | undefined {
  const words = new Set(expression.match(IDENTIFIER))
  // A direct `eval` could use any of them, so that the engine keeps all.
  if (words.has('eval')) return undefined
  const candidates = [...words].filter(word => !RESERVED.has(word))
  const declared = candidates.length === 0 ? '' : `var ${candidates.join()};`
  return kept(`(function () { 'use strict'; ${declared} return ${expression} })()`)
}

function kept(expression: string): readonly string[] | undefined {
  const session = connected()
  if (session === undefined) return undefined
  try {
    const { result } = ask<Evaluated>(session, 'Runtime.evaluate', { expression, silent: true })
    const { internalProperties } = ask<Properties>(session, 'Runtime.getProperties', own(result))
    const scopes = internalProperties?.find(({ name }) => name === '[[Scopes]]')?.value
    const around = ask<Properties>(session, 'Runtime.getProperties', own(scopes)).result
    const closures = around.filter(({ value }) => value?.description?.startsWith('Closure'))
    return closures.flatMap(({ value }) =>
      ask<Properties>(session, 'Runtime.getProperties', own(value)).result.map(({ name }) => name),
    )
  } catch {
    return undefined
  } finally {
    session.disconnect()
  }
}

interface Evaluated {
  readonly result: RemoteObject
}

interface RemoteObject {
  readonly objectId?: string
  readonly description?: string
}

interface Properties {
  readonly result: readonly { readonly name: string; readonly value?: RemoteObject }[]
  readonly internalProperties?: Properties['result']
}

/** Node can be built without an inspector, and other runtimes have none. */
function connected(): Session | undefined {
  try {
    const { Session } = process.getBuiltinModule('node:inspector')
    const session = new Session()
    session.connect()
    return session
  } catch {
    return undefined
  }
}

/** A session with one's own thread answers at once. */
function ask<T>(session: Session, method: string, params: object): T {
  let answer: T | undefined
  session.post(method, params, (error, result) => {
    if (error === null) answer = result as T
  })
  if (answer === undefined) throw new Error(`no answer to ${method}`)
  return answer
}

function own(object: RemoteObject | undefined): object {
  return { objectId: object?.objectId, ownProperties: true }
}
