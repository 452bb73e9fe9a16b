import { now } from '../../base/clock.ts'
import { PRESENCE } from '../protocol/protocol.ts'

/** How many names are remembered, so that nothing a queue brings makes this grow for ever. */
const MOST = 10_000

/** Which functions the workers of a queue have: by their names, when a worker last said so. */
export class FunctionsElsewhere {
  readonly #saidAt = new Map<string, number>()

  heard(names: readonly string[]): void {
    for (const name of names) {
      // Anew, so that the oldest is the first.
      this.#saidAt.delete(name)
      this.#saidAt.set(name, now())
    }
    for (const oldest of this.#saidAt.keys()) {
      if (this.#saidAt.size <= MOST) break
      this.#saidAt.delete(oldest)
    }
  }

  /** A worker that goes may be back soon: its functions are its own for as long as if it had died. */
  has(name: string): boolean {
    const saidAt = this.#saidAt.get(name)
    return saidAt !== undefined && now() - saidAt < 3 * PRESENCE
  }
}
