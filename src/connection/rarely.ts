import { now } from '../base/clock.ts'

/** Milliseconds after which what goes on happening is said again. */
const AGAIN = 60_000
/** More different troubles than that count as one. */
const MOST = 100

interface Said {
  at: number
  /** How often it happened since. */
  since: number
}

/** For what may happen thousands of times: it is said at once, and then once a minute. */
export class Rarely {
  readonly #said = new Map<string, Said>()

  /** Calls `say` with how often the same has happened since it was last said, where it is time to say it. */
  say(what: string, say: (since: number) => void): void {
    const key = this.#said.has(what) || this.#said.size < MOST ? what : ''
    const said = this.#said.get(key)
    if (said !== undefined && now() - said.at < AGAIN) {
      said.since += 1
      return
    }
    this.#said.set(key, { at: now(), since: 0 })
    say(said?.since ?? 0)
  }
}

/** As it stands behind a message. */
export function timesSince(count: number): string {
  return count === 0 ? '' : ` (and ${count} times more since this was last said)`
}
