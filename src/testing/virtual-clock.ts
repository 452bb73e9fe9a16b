import { syncBuiltinESMExports } from 'node:module'
import type { Clock } from '@sinonjs/fake-timers'
import { DeadlockError } from '../base/errors.ts'
import { breakKnots } from '../task/deadlock/deadlock-watch.ts'
import { LivelockError } from './errors.ts'
import { settleAll } from './settle.ts'

type FakeTimers = typeof import('@sinonjs/fake-timers')

const FAKED = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] as const

/** More timers than any test fires within one millisecond: past it, something re-arms a timer of 0 ms for ever. */
const MOST_TIMERS_AT_ONCE = 100_000

async function loadFakeTimers(): Promise<FakeTimers> {
  try {
    return (await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ '@sinonjs/fake-timers')).default
  } catch (cause) {
    const message = 'the virtual clock needs @sinonjs/fake-timers: run `npm install --save-dev @sinonjs/fake-timers`'
    throw new Error(message, { cause })
  }
}

/** Virtual time, in force for the whole process from `install` to `uninstall`. */
export class VirtualClock {
  readonly #clock: Clock
  readonly #horizon: number
  readonly #startedAt: number
  #firedAt = 0
  #firedAtOnce = 0

  private constructor(clock: Clock, horizon: number) {
    this.#clock = clock
    this.#horizon = horizon
    this.#startedAt = clock.now
  }

  static async install(horizon: number): Promise<VirtualClock> {
    const fakeTimers = await loadFakeTimers()
    const clock = fakeTimers.install({ now: Date.now(), toFake: [...FAKED] })
    // Named imports from node:timers are copies: without this they would keep the real functions.
    syncBuiltinESMExports()
    return new VirtualClock(clock, horizon)
  }

  uninstall(): void {
    this.#clock.uninstall()
    syncBuiltinESMExports()
  }

  /** Virtual milliseconds since `install`. */
  get elapsed(): number {
    return this.#clock.now - this.#startedAt
  }

  /**
   * Runs `body` to its end. Whenever nothing is runnable, `idle` may make something so and return true; if it does not,
   * time jumps to the next timer.
   */
  async run<T>(body: () => T | PromiseLike<T>, idle: () => boolean = () => false): Promise<T> {
    let ended = false
    const outcome = (async () => body())().finally(() => {
      ended = true
    })
    outcome.catch(() => {})
    for (;;) {
      await settleAll()
      if (ended) return outcome
      if (!idle()) this.#jump()
    }
  }

  #jump(): void {
    if (this.#clock.countTimers() === 0) {
      if (breakKnots()) return
      throw new DeadlockError(
        `deadlock after ${this.elapsed} ms of virtual time: nothing can run and no timer is armed`,
      )
    }
    this.#clock.next()
    if (this.elapsed > this.#horizon)
      throw new LivelockError(`still not ended after ${this.#horizon} ms of virtual time`)
    this.#firedAtOnce = this.elapsed === this.#firedAt ? this.#firedAtOnce + 1 : 1
    this.#firedAt = this.elapsed
    if (this.#firedAtOnce > MOST_TIMERS_AT_ONCE) {
      throw new LivelockError(`timers re-arm themselves for ever, ${this.elapsed} ms into virtual time`)
    }
  }
}
