import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, resolve } from 'node:path'
import ts from 'typescript'

const SRC = resolve(import.meta.dirname, '../../src')

/** A file of `src`. */
export interface Source {
  /** From `src`, with slashes. */
  readonly path: string
  readonly text: string
  /** The files of `src` that it imports, in whatever way: also only a type, or later by a call. */
  readonly imports: readonly string[]
  /** What else it imports: packages, and modules of Node. */
  readonly outside: readonly string[]
}

export function readSources(): readonly Source[] {
  const paths = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).map(path => path.replaceAll('\\', '/'))
  return paths.filter(path => path.endsWith('.ts')).map(readSource)
}

function readSource(path: string): Source {
  const text = readFileSync(join(SRC, path), 'utf8')
  const named = [...new Set(ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName))]
  const imports = named.filter(name => name.startsWith('.')).map(name => posix.join(posix.dirname(path), name))
  return { path, text, imports, outside: named.filter(name => !name.startsWith('.')) }
}

/** Whether there is nothing in a file but `export … from`. */
export function onlyReexports({ path, text }: Source): boolean {
  const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.Latest)
  return statements.every(statement => ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined)
}

/** The files that import one another in a circle, each circle as one list: the strongly connected components (Tarjan). */
export function circlesOf(sources: readonly Source[]): readonly (readonly string[])[] {
  const importsOf = new Map(sources.map(({ path, imports }) => [path, imports]))
  const index = new Map<string, number>()
  const stack: string[] = []
  const circles: string[][] = []
  const visit = (path: string): number => {
    const own = index.size
    let low = own
    index.set(path, own)
    stack.push(path)
    for (const next of importsOf.get(path) ?? []) {
      if (!index.has(next)) low = Math.min(low, visit(next))
      else if (stack.includes(next)) low = Math.min(low, index.get(next) as number)
    }
    if (low === own) {
      const circle = stack.splice(stack.indexOf(path))
      if (circle.length > 1 || importsOf.get(path)?.includes(path)) circles.push(circle.sort())
    }
    return low
  }
  for (const path of importsOf.keys()) if (!index.has(path)) visit(path)
  return circles
}
