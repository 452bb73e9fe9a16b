import { now } from '../../base/clock.ts'
import { WorkerCrashedError } from '../../base/errors.ts'
import type { HostExit } from '../messages/host.ts'
import { workerGone } from '../parent/crash.ts'

const MINUTE = 60_000

/** Says when too many workers have crashed within a minute to go on. */
export class CrashLimit {
  readonly #most: number
  #times: number[] = []
  /** How many have crashed so far. */
  crashed = 0
  /** Why there is no going on, once there are too many. */
  failure: WorkerCrashedError | undefined

  constructor(most: number) {
    this.#most = most
  }

  /** A worker has crashed just now. */
  add(exit: HostExit): void {
    const at = now()
    this.crashed += 1
    this.#times = this.#times.filter(time => at - time < MINUTE)
    this.#times.push(at)
    if (this.#times.length > this.#most) this.failure ??= this.#giveUp(exit)
  }

  #giveUp(exit: HostExit): WorkerCrashedError {
    const last = workerGone(exit)
    const message =
      `the pool has given up: ${this.#times.length} of its workers crashed within a minute (maxCrashes: ${this.#most}). ` +
      `The last one: ${last.message}`
    return new WorkerCrashedError(message, exit.exitCode, exit.signal, { cause: last })
  }
}
