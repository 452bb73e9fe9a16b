/** A small, plausible mistake in the source, which the test suite must notice. */
export interface Mutation {
  /** Says what the mistake is. */
  readonly name: string
  /** The file it is made in, from the root of the project. */
  readonly file: string
  /** The text to replace; it must be in the file exactly once. */
  readonly search: string
  readonly replace: string
  /** Where the tests are that must notice: file name filters as vitest takes them. */
  readonly tests: readonly string[]
}

/** The source with the mistake in it; `undefined` when the text to replace is not in it exactly once. */
export function mutate(source: string, { search, replace }: Mutation): string | undefined {
  const [before, after, ...more] = source.split(search)
  if (after === undefined || more.length > 0) return undefined
  return before + replace + after
}
