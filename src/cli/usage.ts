/** The command can't be carried out as it was given: one line for the user, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What `parse` gives; what `parseArgs` refuses is a {@link UsageError}. */
export function usageOf<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    // What follows is advice that is not always right.
    throw new UsageError(error.message.split(/\.\s/, 1)[0] ?? '', { cause: error })
  }
}

export function nonEmpty(option: string, value: string | undefined): string {
  if (value !== undefined && value !== '') return value
  throw new UsageError(`${option} ${value === undefined ? 'is missing' : 'must not be empty'}`)
}

export function wholeNumber(option: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new UsageError(`${option} must be a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`)
}

/** Nothing where there is no value: `undefined` would not be a default. */
export function given<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V }
}
