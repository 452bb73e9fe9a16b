/** What runtimes say when a fetch could not reach the other side: a `TypeError` in all of them. */
const MESSAGES: ReadonlySet<string> = new Set([
  'network error',
  'NetworkError when attempting to fetch resource.',
  'The Internet connection appears to be offline.',
  'Network request failed',
  'fetch failed',
  'terminated',
  ' A network error occurred.',
  'Network connection lost',
])

/** Those that may go on with the host in brackets, or with the address. */
const BEGINNINGS = /^(?:Failed to fetch(?: \(.*\))?$|error sending request for url)/
/** Safari says so of other errors too, but only a network's has no stack, except where Sentry has given it one. */
const SAFARI = /^Load failed(?: \(.*\))?$/

/** Whether a `TypeError` is a network's, and so may pass; of any other a retry is of no help. */
export function isNetworkError(error: Error): boolean {
  const { message } = error
  if (SAFARI.test(message)) return error.stack === undefined || '__sentry_captured__' in error
  return MESSAGES.has(message) || BEGINNINGS.test(message)
}
