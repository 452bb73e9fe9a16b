import { startBackgroundTimer, type Timer } from '../../base/clock.ts'

/** What this process holds, or has taken for what has not begun: renewed on the server for as long as it does. */
export class Leases {
  readonly #renew: (held: ReadonlyMap<string, number>) => Promise<void>
  readonly #every: number
  readonly #held = new Map<string, number>()
  #timer: Timer | undefined
  #renewing: Promise<void> | undefined

  /**
   * @param renew never rejects
   * @param every milliseconds
   */
  constructor(renew: (held: ReadonlyMap<string, number>) => Promise<void>, every: number) {
    this.#renew = renew
    this.#every = every
  }

  hold(token: string, amount: number): void {
    this.#held.set(token, amount)
    this.#arm()
  }

  /** Resolves when no renewal is under way that could bring back what is given back now. */
  async keep(token: string, kept: number): Promise<void> {
    if (kept === 0) this.#held.delete(token)
    else if (this.#held.has(token)) this.#held.set(token, kept)
    this.#arm()
    await this.#renewing
  }

  /** What is still held runs out by itself. */
  close(): void {
    this.#held.clear()
    this.#arm()
  }

  #arm(): void {
    if (this.#held.size === 0) {
      this.#timer?.cancel()
      this.#timer = undefined
    } else if (this.#renewing === undefined) {
      this.#timer ??= startBackgroundTimer(this.#every, () => this.#fire())
    }
  }

  #fire(): void {
    this.#timer = undefined
    this.#renewing = this.#renew(new Map(this.#held)).then(() => {
      this.#renewing = undefined
      this.#arm()
    })
  }
}
