/** A text that is in a file exactly once, and what takes its place. */
export interface Edit {
  readonly search: string
  readonly replace: string
}

/** A small, plausible mistake in the source, which the test suite must notice. */
export interface Mutation {
  /** Says what the mistake is. */
  readonly name: string
  /** The file it is made in, from the root of the project. */
  readonly file: string
  readonly edits: readonly Edit[]
  /** Where the tests are that must notice: file name filters as vitest takes them. */
  readonly tests: readonly string[]
}

/** The source with the mistake in it; `undefined` when a text to replace is not in it exactly once. */
export function mutate(source: string, { edits }: Mutation): string | undefined {
  let mutated = source
  for (const { search, replace } of edits) {
    const [before, after, ...more] = mutated.split(search)
    if (after === undefined || more.length > 0) return undefined
    mutated = before + replace + after
  }
  return mutated
}

/** The mutations of one file, by name. */
export function mistakesIn(
  file: string,
  tests: readonly string[],
  mistakes: Readonly<Record<string, Edit | readonly Edit[]>>,
): Mutation[] {
  return Object.entries(mistakes).map(([name, edits]) => ({ name, file, tests, edits: [edits].flat() }))
}
