import { startBackgroundTimer, type Timer } from '../base/clock.ts'

/** Calls `fire` when there has been nothing to do for so long. Does not keep the process alive. */
export class IdleTimer {
  readonly #timeout: number
  readonly #fire: () => void
  #timer: Timer | undefined

  constructor(timeout: number, fire: () => void) {
    this.#timeout = timeout
    this.#fire = fire
  }

  idle(): void {
    this.busy()
    this.#timer = startBackgroundTimer(this.#timeout, this.#fire)
  }

  busy(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
