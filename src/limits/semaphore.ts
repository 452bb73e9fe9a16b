import { INSPECT, type Inspection, inspected } from '../base/inspect.ts'
import { amount, capacity, type Known, knownOptions, runnable } from '../base/options.ts'
import { keepResident } from '../base/resident.ts'
import type { WaitOptions } from '../base/wait-timeout.ts'
import { WAIT_OPTIONS } from '../base/wait-timeout.ts'
import { ACQUIRE_OPTIONS, type AcquireOptions, Acquisition } from './acquire/acquisition.ts'
import { Line, LineSource, Supply } from './acquire/line.ts'
import { PERMIT_SOURCE, type Permit, SUPPLIES } from './acquire/permit-source.ts'
import { PermittedWork, type ResultOf } from './acquire/permitted-work.ts'
import { type RoomEvent, RoomWatch } from './acquire/room-watch.ts'
import { whenAvailable } from './acquire/when-available.ts'
import { Concurrency } from './algorithms/concurrency.ts'
import { refuseAmounts } from './errors.ts'
import { HeldPermit } from './permit.ts'
import type { Amounts, LimitPermit } from './types.ts'

/** How work runs that holds permits. */
export interface UseOptions extends AcquireOptions {
  /** How many permits it holds. @default 1 */
  readonly count?: number
}

const USE_OPTIONS: Known<UseOptions> = { ...ACQUIRE_OPTIONS, count: true }

/** So many permits of a semaphore. */
export interface SemaphorePermit extends Permit {
  /** How many it still holds. */
  readonly count: number
  /** Gives back `count` of them, or all; the next in line has them at once. Nothing once all are back. */
  release(count?: number): void
}

/**
 * A number of permits that are handed out first come, first served: nobody passes, also not one who asks for less than the
 * first in line, but who comes with a higher `priority`. A freed permit belongs to the first in line before anyone new can
 * take it.
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
  readonly #supply: Supply
  readonly #line: Line
  readonly #one: LineSource<CountedPermit>

  /** @param permits a positive integer or `Infinity` */
  constructor(permits: number) {
    this.#supply = new Supply(new Concurrency(capacity('permits', permits)))
    this.#line = new Line([this.#supply])
    this.#one = new LineSource(this.#line, [1], permitOf)
  }

  /**
   * How many there are in all: a positive integer or `Infinity`. More are handed out at once; where there are fewer than are
   * held, none is until enough came back. Who waits for more than there are now waits until there are as many again.
   */
  get permits(): number {
    return this.#supply.algorithm.capacity
  }

  set permits(value: number) {
    this.#supply.resize(capacity('permits', value))
  }

  /** How many are not held now. */
  get available(): number {
    return Math.max(0, this.permits - this.#supply.algorithm.used(0))
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
  acquire(count = 1, options?: AcquireOptions): Acquisition<SemaphorePermit> {
    return new Acquisition<SemaphorePermit>(this.#source(count), knownOptions('options', options, ACQUIRE_OPTIONS))
  }

  /** Takes `count` permits if they are free and nobody waits for some, else `undefined`. */
  tryAcquire(count = 1): SemaphorePermit | undefined {
    return this.#source(count).tryAcquire()
  }

  /**
   * Runs `work` while holding `count` permits (1), and releases them when the work has stopped, however it ended. The work
   * may return a value, a promise or an operation, and so may the result be awaited or `yield*`ed.
   *
   * Without `yield*` it starts by itself, awaited or not. With it, it runs within the calling operation and is halted with
   * it. The place in the line is taken by this call.
   */
  use<R>(work: () => R, options?: UseOptions): PermittedWork<ResultOf<R>> {
    runnable('work', work)
    const { count, ...waiting } = knownOptions('options', options, USE_OPTIONS) ?? {}
    return new PermittedWork(this.acquire(count, waiting), work)
  }

  /**
   * Resolves when `count` permits are free and nobody waits for them. It takes and keeps none: by the time you ask, others
   * may have them. Those who wait this way go behind all who acquire, and are told in turn.
   *
   * Rejects with `TaskTimeoutError` or the reason of `signal`, and with `RangeError` for a wrong `count`.
   */
  async whenAvailable(count = 1, options?: WaitOptions): Promise<void> {
    return whenAvailable(this.#source(count), knownOptions('options', options, WAIT_OPTIONS))
  }

  /**
   * Calls `listener` when not one is left any more (`'exhausted'`), or when there is one again that was not
   * handed on (`'available'`; one who waits for more may still stand before you): in a microtask, if it is still so then. Returns the function that ends it.
   */
  on(event: RoomEvent, listener: () => unknown): () => void {
    return RoomWatch.listen(this.#supply, event, listener)
  }

  /** @internal */
  [INSPECT](...inspection: Inspection): string {
    const { permits, available, waiting } = this
    return inspected('Semaphore', { permits, available, waiting }, ...inspection)
  }

  /** @internal */
  [SUPPLIES](): readonly Supply[] {
    return [this.#supply]
  }

  /** @internal */
  [PERMIT_SOURCE](amounts?: Amounts): LineSource<LimitPermit> {
    refuseAmounts(amounts)
    return this.#one
  }

  #source(count: number): LineSource<CountedPermit> {
    if (count === 1) return this.#one
    return new LineSource(this.#line, [amount('count', count, 1, this.permits)], permitOf)
  }
}

class CountedPermit extends HeldPermit implements SemaphorePermit, LimitPermit {
  get count(): number {
    return this.released ? 0 : (this.amounts[0] as number)
  }

  override release(count?: number): void {
    if (count === undefined || this.released) return super.release()
    const rest = this.count - amount('count', count, 1, this.count)
    if (rest === 0) super.release()
    else this.keep([rest])
  }

  update(amounts: Amounts): void {
    refuseAmounts(amounts)
  }

  settle(amounts: Amounts): void {
    refuseAmounts(amounts)
  }
}

function permitOf(line: Line, amounts: readonly number[], takenAt: number): CountedPermit {
  return new CountedPermit(line, amounts, takenAt)
}

const resident = new Semaphore(1)
keepResident(
  resident,
  resident.acquire(),
  resident.acquire(),
  resident.use(() => {}),
)
