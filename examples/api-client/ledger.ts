import { type Rules, SECOND } from './rules.ts'

interface Entry {
  readonly at: number
  readonly tokens: number
}

/**
 * The API's own book of what it let in, by its own clock and with none of the library's limits: what the client believes
 * to keep to is checked by code that does not share its arithmetic.
 */
export class Ledger {
  readonly #rules: Rules
  #lastSecond: readonly Entry[] = []
  /** The most requests that were let in within one second, and the most tokens. */
  mostRequests = 0
  mostTokens = 0

  constructor(rules: Rules) {
    this.#rules = rules
  }

  /** Lets a request of so many tokens in if both rules allow it now. */
  admit(tokens: number): boolean {
    const now = performance.now()
    const admitted = [...this.#lastSecond.filter(({ at }) => now - at < SECOND), { at: now, tokens }]
    const sum = admitted.reduce((total, entry) => total + entry.tokens, 0)
    if (admitted.length > this.#rules.requestsPerSecond || sum > this.#rules.tokensPerSecond) return false
    this.#lastSecond = admitted
    this.mostRequests = Math.max(this.mostRequests, admitted.length)
    this.mostTokens = Math.max(this.mostTokens, sum)
    return true
  }
}
