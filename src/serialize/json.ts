/** What comes back of a value that JSON carries; throws for one that it can't, a function or a symbol included. */
export function throughJson(value: unknown): unknown {
  requireJson(value)
  const json = JSON.stringify(value) as string | undefined
  return json === undefined ? undefined : JSON.parse(json)
}

/** Throws for what `JSON.stringify` leaves out without a word; what it refuses itself it has to be asked about. */
export function requireJson(value: unknown): void {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new TypeError(`JSON has no ${typeof value}s`)
  }
}
