export { AbortError } from './p-retry/abort-error.ts'
export type { Options, RetryContext } from './p-retry/options.ts'
export { makeRetriable, pRetry as default } from './p-retry/p-retry.ts'
