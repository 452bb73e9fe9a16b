import { getBuiltinModule } from '../node.ts'

/** The start of a method, up to its parameters, whatever its name: `async *'any name' (`. */
const METHOD =
  /^(async\b\s*)?(\*)?\s*(?:#?[\p{ID_Start}$_][\p{ID_Continue}$]*|\d+|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*(?=\()/u
/**
 * The ways in which the source of a function stands for itself: as it is, or as a method made a function. Wrapped in an
 * object it would stay a method, and its `super` would be allowed, but be that of the wrong object.
 */
const FORMS = [
  (source: string) => `(${source}\n)`,
  (source: string) => `(${source.replace(METHOD, (_, async = '', star = '') => `${async}function${star} `)}\n)`,
]
/** What the parser says when it met a method where it expected a function, or the other way round. */
const WRONG_FORM = /^(?:Unexpected|Malformed|Invalid|missing)/

/**
 * An expression, in strict mode as all modules are, whose value is the function with this source. A `SyntaxError` when
 * the source means nothing away from where it was written, as `super`, `#private` and `import.meta` do.
 */
export function functionExpression(source: string): string {
  const refusals: SyntaxError[] = []
  for (const form of FORMS) {
    const expression = form(source)
    const refusal = refusalOf(expression)
    if (refusal === undefined) return expression
    refusals.push(refusal)
  }
  throw refusals.find(({ message }) => !WRONG_FORM.test(message)) ?? refusals[0]
}

function refusalOf(expression: string): SyntaxError | undefined {
  const { Script } = getBuiltinModule('node:vm')
  try {
    new Script(`(function () { 'use strict'; return ${expression} })`)
    return undefined
  } catch (error) {
    return error as SyntaxError
  }
}

/**
 * What compilers put around the functions of a module, and these then expect there: its source, by the name it has. A
 * function that arrives as source finds these around it.
 */
export const HELPERS: Readonly<Record<string, string>> = {
  /** esbuild with `keepNames`: tsx, tsup. */
  __name: "(target, value) => Object.defineProperty(target, 'name', { value, configurable: true })",
  /** `import()` as Vite and vitest compile it. */
  __vite_ssr_dynamic_import__: 'specifier => import(specifier)',
}
