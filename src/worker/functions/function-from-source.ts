import type { Script } from 'node:vm'
import { getBuiltinModule, process } from '../node.ts'
import { functionExpression, HELPERS } from './function-expression.ts'
import { outsideError } from './outside-error.ts'
import type { ResolvedFunction } from './registry.ts'

/** Those called last are the last: the first makes room for a new one. */
const compiled = new Map<string, ResolvedFunction>()
const MOST_COMPILED = 1000
const DECLARED_HELPERS = Object.entries(HELPERS)
  .map(([name, source]) => `const ${name} = ${source};`)
  .join(' ')
const NOT_DEFINED = /^(.+) is not defined$/
const UNBORN_THIS = /^Must call super constructor in derived class before accessing 'this'/

/** Builds a function anew from its source; `await import()` in it finds packages and files from the working directory. */
export function functionFromSource(source: string, name: string): ResolvedFunction {
  const key = `${name}\n${source}`
  const before = compiled.get(key)
  compiled.delete(key)
  const fn = before ?? explaining(compile(source, name), source, name)
  compiled.set(key, fn)
  if (compiled.size > MOST_COMPILED) compiled.delete(compiled.keys().next().value as string)
  return fn
}

let warned = false

/** The first `import()` of a script warns that Node's way to have it is experimental: once in every worker. */
function warnNoMore(): void {
  if (warned) return
  warned = true
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    script('import("node:process")').runInThisContext()
  } finally {
    process.emitWarning = emitWarning
  }
}

/**
 * Compiled where `this` is not born yet, so that an arrow function that would use the `this` of the place where it was
 * written says so instead of meeting `undefined`.
 */
function compile(source: string, name: string): ResolvedFunction {
  if (source.includes('import')) warnNoMore()
  const birth = `new (class extends Object { constructor() { return ${functionExpression(source)} } })()`
  const whole = `(() => { 'use strict'; ${DECLARED_HELPERS} return ${birth} })()`
  return script(whole, fileOf(name)).runInThisContext() as ResolvedFunction
}

function script(source: string, filename?: string): Script {
  const { constants, Script } = getBuiltinModule('node:vm')
  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
  return new Script(source, { importModuleDynamically, ...(filename !== undefined && { filename }) })
}

function explaining(fn: ResolvedFunction, source: string, name: string): ResolvedFunction {
  const explain = (error: unknown) => {
    throw explained(error, source, name)
  }
  return (...args) => {
    try {
      const result = fn(...args)
      return result instanceof Promise ? awaited(result, explain) : result
    } catch (error) {
      return explain(error)
    }
  }
}

async function awaited(result: Promise<unknown>, explain: (error: unknown) => never): Promise<unknown> {
  try {
    return await result
  } catch (error) {
    return explain(error)
  }
}

/** What the function could not find, where it was its own source that looked for it; any other error as it is. */
function explained(error: unknown, source: string, name: string): unknown {
  if (!(error instanceof ReferenceError) || !thrownIn(fileOf(name), error)) return error
  const variable = UNBORN_THIS.test(error.message) ? 'this' : NOT_DEFINED.exec(error.message)?.[1]
  return variable === undefined ? error : outsideError(name, source, [variable], { cause: error })
}

function fileOf(name: string): string {
  return `source of ${name === '' ? 'an anonymous function' : name.replace(/\s/g, ' ')}`
}

function thrownIn(file: string, { stack = file }: Error): boolean {
  const innermost = stack.split('\n').find(line => line.startsWith('    at '))
  return innermost === undefined || innermost.replace(/:\d+:\d+\)?$/, '').endsWith(file)
}
