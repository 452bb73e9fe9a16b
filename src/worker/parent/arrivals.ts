import type { Link } from '../messages/link.ts'

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
