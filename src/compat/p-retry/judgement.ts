import { preciseNow, startBackgroundTimer } from '../../base/clock.ts'
import { show } from '../../base/options.ts'
import { AbortError, unwrapped } from './abort-error.ts'
import { isNetworkError } from './network-error.ts'
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
    const error = thrown instanceof Error ? thrown : new TypeError(`Non-error was thrown: ${show(thrown)}`)
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
