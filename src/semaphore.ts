import { Acquisition } from './admission/acquisition.ts'
import { DEMAND } from './admission/demand.ts'
import { HoldingMeter } from './admission/holding-meter.ts'
import { Line } from './admission/line.ts'
import { LineDemand } from './admission/line-demand.ts'
import { HeldPermit, type Permit } from './admission/permit.ts'
import { PermittedWork, type ResultOf } from './admission/permitted-work.ts'
import { Supply } from './admission/supply.ts'
import { INSPECT, type Inspection, inspected } from './inspect.ts'
import { refuseAmounts } from './limits/demand-of.ts'
import type { Amounts } from './limits/types.ts'
import { amount, callback, capacity, knownOptions } from './options.ts'
import { WAIT_OPTIONS } from './wait-limit.ts'

/** How long to wait for a permit, and what ends the waiting early. */
export interface AcquireOptions {
  /** Milliseconds until the wait rejects with `TaskTimeoutError`; what can be had at once never does. @default Infinity */
  readonly timeout?: number
  /** Aborting it leaves the line and rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * A number of permits that are handed out first come, first served: nobody passes, also not one who asks for less than the
 * first in line. A freed permit belongs to the first in line before anyone new can take it.
 *
 * Everything works as a promise and as an effection operation. It does not know who holds a permit: the same task
 * acquiring twice takes two.
 *
 * ```ts
 * const semaphore = new Semaphore(3)
 * await semaphore.use(() => fetch(url))
 *
 * using permit = await semaphore.acquire()
 * ```
 */
export class Semaphore {
  /** How many there are in all. */
  readonly permits: number
  readonly #supply: Supply
  readonly #line: Line
  readonly #one: LineDemand<Permit>

  /** @param permits a positive integer or `Infinity` */
  constructor(permits: number) {
    this.permits = capacity('permits', permits)
    this.#supply = new Supply(new HoldingMeter(permits))
    this.#line = new Line([this.#supply])
    this.#one = new LineDemand(this.#line, [1], HeldPermit)
  }

  /** How many are not held now. */
  get available(): number {
    return this.permits - this.#supply.meter.used(0)
  }

  /** How many requests stand in line. */
  get waiting(): number {
    return this.#line.size
  }

  /**
   * Takes `count` permits together. The place in the line is taken by this call, not by awaiting.
   *
   * @param count from 1 to `permits`; throws `RangeError` for more, which would never be granted. @default 1
   */
  acquire(count = 1, options?: AcquireOptions): Acquisition<Permit> {
    return new Acquisition(this.#demand(count), knownOptions('options', options, WAIT_OPTIONS))
  }

  /** Takes `count` permits if they are free and nobody waits for some, else `undefined`. */
  tryAcquire(count = 1): Permit | undefined {
    return this.#demand(count).take()
  }

  /**
   * Runs `work` while holding one permit, and releases it when the work has stopped, however it ended. The work may return
   * a value, a promise or an operation, and so may the result be awaited or `yield*`ed.
   *
   * Without `yield*` it starts by itself, awaited or not. With it, it runs within the calling operation and is halted with
   * it. The place in the line is taken by this call.
   */
  use<R>(work: () => R, options?: AcquireOptions): PermittedWork<ResultOf<R>> {
    callback('work', work)
    return new PermittedWork(this.acquire(1, options), work)
  }

  /** @internal */
  [INSPECT](...inspection: Inspection): string {
    const { permits, available, waiting } = this
    return inspected('Semaphore', { permits, available, waiting }, ...inspection)
  }

  /** @internal */
  [DEMAND](amounts?: Amounts): LineDemand<Permit> {
    refuseAmounts(amounts)
    return this.#one
  }

  #demand(count: number): LineDemand<Permit> {
    if (count === 1) return this.#one
    return new LineDemand(this.#line, [amount('count', count, 1, this.permits)], HeldPermit)
  }
}
