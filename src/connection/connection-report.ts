import { now } from '../base/clock.ts'
import { driverCode } from './driver-errors.ts'
import { isTransient } from './errors.ts'

const MOVED_ON = /Missing (lock|key)|could not renew lock|lock mismatch|not in the active state/i

/** Milliseconds without trouble until the next one is news: the connections to a server go and come back one by one. */
const CALM = 10_000

/** Says what goes on with a server: each thing once, until it has changed; what goes on happening rarely. */
export class ConnectionReport {
  readonly #where: string
  readonly #log: (error: unknown, message: string) => void
  readonly #troubles = new Rarely()
  #lost = false
  #troubledAt = Number.NEGATIVE_INFINITY
  #lonely = 0

  constructor(where: string, log: (error: unknown, message: string) => void) {
    this.#where = where
    this.#log = log
  }

  trouble(error: unknown): void {
    if (!isTransient(error)) {
      // After an outage or a freeze others have the jobs: everybody who needs to know is told in another way.
      if (!MOVED_ON.test(String(error))) this.#sayTrouble(error)
      return
    }
    const news = !this.#lost && now() - this.#troubledAt > CALM
    this.#lost = true
    this.#troubledAt = now()
    // What workers say takes its time to be heard again.
    this.#lonely = -LONELY
    if (news) this.#log(error, `${this.#where} can't be reached; what waits for it goes on when it is back`)
  }

  back(): void {
    this.#lost = false
  }

  /** Calls that nobody ever takes look like calls that take long. Whether it is time to ask workers if they are there. */
  noticeWorkers(workers: number, calls: number): boolean {
    const none = workers === 0 && calls > 0
    this.#lonely = none ? this.#lonely + 1 : Math.min(this.#lonely, 0)
    if (this.#lonely === LONELY) this.#sayLonely(calls)
    return none && this.#lonely === 1
  }

  #sayTrouble(error: unknown): void {
    const log = (since: number) => this.#log(error, `${this.#where} had trouble${timesSince(since)}`)
    this.#troubles.say(driverCode(error) || String(error).replace(/\d+/g, '#'), log)
  }

  #sayLonely(calls: number): void {
    const error = new Error('start one: npx taskscope serve ./tasks.js --queue … (the same queue, the same server)')
    this.#log(error, `${calls} calls wait in ${this.#where}, and no worker serves it`)
  }
}

/** How often in a row calls may be seen without workers until that is said. */
const LONELY = 5

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
