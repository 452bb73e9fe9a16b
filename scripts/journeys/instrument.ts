import ts from 'typescript'

/**
 * The source with a call of `enter` at the start of every function, so that a run leaves a trace. It is still TypeScript,
 * with every line where it was. Accessors are left out: a reader does not turn a page for them.
 */
export function instrument(source: string, enter: string): string {
  const insertions: { readonly at: number; readonly text: string }[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && !ts.isAccessor(node) && 'body' in node && node.body !== undefined) {
      const body = node.body as ts.ConciseBody
      if (ts.isBlock(body)) insertions.push({ at: body.getStart(file) + 1, text: `${enter};` })
      else insertions.push({ at: body.getStart(file), text: `(${enter}, ` }, { at: body.end, text: ')' })
    }
    ts.forEachChild(node, visit)
  }
  const file = ts.createSourceFile('traced.ts', source, ts.ScriptTarget.Latest)
  visit(file)
  return insertions
    .sort((a, b) => b.at - a.at)
    .reduce((text, { at, text: added }) => text.slice(0, at) + added + text.slice(at), source)
}
