/** What `read` gives, or `undefined` where it throws: for looking at what users hand in, any of which may throw when touched. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
