import type { Link } from '../messages/link.ts'
/**
 * Whether a worker keeps this process alive: at once when that is wanted, no more a little after it is not.
 *
 * What a worker process wrote before it answered lies in the pipes by then, and a turn of the event loop reads it. It
 * also spares callers who call again at once the changing back and forth.
 */
export class KeepAlive {
  readonly #link: { hold(alive: boolean): void }
  #wanted = true
  #held = true
  #releasing = false

  constructor(link: { hold(alive: boolean): void }) {
    this.#link = link
  }

  want(alive: boolean): void {
    this.#wanted = alive
    if (alive && !this.#held) this.#set(true)
    if (alive || !this.#held || this.#releasing) return
    this.#releasing = true
    setImmediate(() => setImmediate(() => this.#release()))
  }

  #release(): void {
    this.#releasing = false
    if (!this.#wanted) this.#set(false)
  }

  #set(held: boolean): void {
    this.#held = held
    this.#link.hold(held)
  }
}

/** Whether something that a worker has printed is still to arrive here: meanwhile this process does not end. */
export class Arrivals {
  readonly #link: Link
  readonly #changed: () => void
  /** The printing of which not all has arrived. */
  #round: object | undefined
  #draining = false

  /** @param changed hears that `awaited` may have changed */
  constructor(link: Link, changed: () => void) {
    this.#link = link
    this.#changed = changed
  }

  get awaited(): boolean {
    return this.#draining || this.#round !== undefined
  }

  /** Something was printed. */
  noisy(): void {
    this.#round = {}
  }

  /** All that was printed has left the worker, so many bytes by now. */
  async quiet(stdout: number, stderr: number): Promise<void> {
    const round = this.#round
    await this.#link.printed(stdout, stderr)
    if (this.#round !== round) return
    this.#round = undefined
    this.#changed()
  }

  /** The worker is gone; resolves when the last of it has been passed on. */
  async drain(): Promise<void> {
    this.#round = undefined
    this.#draining = true
    this.#changed()
    await this.#link.drained()
    this.#draining = false
    this.#changed()
  }
}
