import { now } from '../../clock.ts'
import { PRESENCE } from './protocol.ts'

/** Which workers have been heard of lately. */
export class Presence {
  readonly #heard = new Map<string, number>()

  /** A worker said that it has so many slots; none when it goes. */
  heard(id: string, slots: number): void {
    if (slots > 0) this.#heard.set(id, now())
    else this.#heard.delete(id)
  }

  get count(): number {
    const oldest = now() - 3 * PRESENCE
    for (const [id, at] of this.#heard) if (at < oldest) this.#heard.delete(id)
    return this.#heard.size
  }
}
