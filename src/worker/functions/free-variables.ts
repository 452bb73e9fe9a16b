import type { Session } from 'node:inspector'

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
