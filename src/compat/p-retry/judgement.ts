import { preciseNow, startBackgroundTimer } from '../../base/clock.ts'
import { show } from '../../base/options.ts'
import { AbortError, unwrapped } from './abort-error.ts'
import type { RetryContext, Settings } from './options.ts'

/** Decides after each failed attempt whether there is another, and when. */
export class Judgement {
  readonly #settings: Settings
  readonly #start = preciseNow()
  #attempts = 0
  #consumed = 0
  #latest: Promise<boolean> = Promise.resolve(false)
  /** Milliseconds until the next attempt. */
  delay = 0
  /** What ended the retries, once something has. */
  failure: { readonly error: unknown } | undefined

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** Whether to try again; never rejects. */
  judge(thrown: unknown): Promise<boolean> {
    this.#attempts += 1
    this.#latest = this.#ask(thrown).catch(error => {
      this.failure = { error }
      return false
    })
    return this.#latest
  }

  /** What the promise rejects with when the last attempt threw `error`, once no callback runs any more. */
  async verdict(error: unknown): Promise<unknown> {
    await this.#latest
    if (this.failure !== undefined) return this.failure.error
    const { signal } = this.#settings
    return signal?.aborted ? signal.reason : error
  }

  async #ask(thrown: unknown): Promise<boolean> {
    const { retries, signal, unref, delayAfter, ...callbacks } = this.#settings
    const error =
      thrown instanceof Error
        ? thrown
        : new TypeError(`Non-error was thrown: ${show(thrown)}. You should only throw errors.`)
    signal?.throwIfAborted()
    if (error instanceof AbortError) throw unwrapped(error)
    const retriesLeft = retries - this.#consumed
    const worthIt = !(error instanceof TypeError) || isNetworkError(error)
    const next = worthIt && retriesLeft > 0 && this.#timeLeft > 0 ? delayAfter(this.#consumed) : 0
    const context = (retryDelay: number): RetryContext =>
      Object.freeze({
        error,
        attemptNumber: this.#attempts,
        retriesLeft,
        retriesConsumed: this.#consumed,
        retryDelay,
      })
    const consumes = (await callbacks.shouldConsumeRetry(context(next))) ?? true
    signal?.throwIfAborted()
    const told = context(consumes ? next : 0)
    await callbacks.onFailedAttempt(told)
    signal?.throwIfAborted()
    if (!worthIt || retriesLeft <= 0 || this.#timeLeft <= 0) throw error
    const again = await callbacks.shouldRetry(told)
    signal?.throwIfAborted()
    if (!again || this.#timeLeft <= 0) throw error
    if (consumes) this.#consumed += 1
    this.delay = Math.min(told.retryDelay, this.#timeLeft)
    if (unref) await this.#waitInBackground()
    return true
  }

  get #timeLeft(): number {
    return this.#settings.maxRetryTime - (preciseNow() - this.#start)
  }

  /** The task's own delay would keep the process alive. */
  #waitInBackground(): Promise<void> {
    const { delay } = this
    this.delay = 0
    return new Promise((resolve, reject) => {
      const { signal } = this.#settings
      const abort = () => {
        timer.cancel()
        reject(signal?.reason)
      }
      const timer = startBackgroundTimer(delay, () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
      signal?.addEventListener('abort', abort, { once: true })
    })
  }
}

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
function isNetworkError(error: Error): boolean {
  const { message } = error
  if (SAFARI.test(message)) return error.stack === undefined || '__sentry_captured__' in error
  return MESSAGES.has(message) || BEGINNINGS.test(message)
}
