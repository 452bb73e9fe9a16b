import { now } from '../../base/clock.ts'
import { PRESENCE } from '../protocol/protocol.ts'

/** How many are counted, so that nothing a queue brings makes this grow for ever. */
const MOST = 10_000

/** Which workers have been heard of lately. */
export class WorkerHeartbeats {
  readonly #heard = new Map<string, number>()

  /** A worker said that it has so many slots; none when it goes. */
  heard(id: string, slots: number): void {
    if (slots > 0 && (this.#heard.size < MOST || this.#heard.has(id))) this.#heard.set(id, now())
    else this.#heard.delete(id)
  }

  get count(): number {
    const oldest = now() - 3 * PRESENCE
    for (const [id, at] of this.#heard) if (at < oldest) this.#heard.delete(id)
    return this.#heard.size
  }
}
