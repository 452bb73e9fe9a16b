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
