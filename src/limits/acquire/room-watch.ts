import { preciseNow, startBackgroundTimer, type Timer } from '../../base/clock.ts'
import { oneOf, runnable } from '../../base/options.ts'
import type { Supply } from './line.ts'

/** `exhausted`: not one is left. `available`: there is one again, and it was not handed on. */
export type RoomEvent = 'exhausted' | 'available'

const EVENTS: readonly RoomEvent[] = ['exhausted', 'available']

/** Tells listeners when a supply is used up, and when there is something of it again: in a microtask, if it is still so. */
export class RoomWatch {
  readonly #supply: Supply
  readonly #listeners = new Set<{ readonly event: RoomEvent; readonly tell: () => unknown }>()
  #state: RoomEvent
  #looking = false
  #timer: Timer | undefined

  private constructor(supply: Supply) {
    this.#supply = supply
    this.#state = this.#stateAt(preciseNow())
    this.changed()
  }

  /** Calls `listener` after each such event of the supply; the function returned ends that. */
  static listen(supply: Supply, event: RoomEvent, listener: () => unknown): () => void {
    const entry = { event: oneOf('event', EVENTS, event), tell: runnable('listener', listener) }
    const watch = (supply.watch ??= new RoomWatch(supply)) as RoomWatch
    watch.#listeners.add(entry)
    return () => {
      watch.#listeners.delete(entry)
      if (watch.#listeners.size > 0 || supply.watch !== watch) return
      supply.watch = undefined
      watch.#timer?.cancel()
    }
  }

  /** Something was taken or has come back. */
  changed(): void {
    if (this.#looking) return
    this.#looking = true
    queueMicrotask(() => this.#look())
  }

  #look(): void {
    this.#looking = false
    this.#timer?.cancel()
    if (this.#listeners.size === 0) return
    const now = preciseNow()
    const state = this.#stateAt(now)
    const changed = state !== this.#state
    this.#state = state
    const at = state === 'exhausted' ? this.#supply.availableAt(1, now) : Number.POSITIVE_INFINITY
    if (at !== Number.POSITIVE_INFINITY)
      this.#timer = startBackgroundTimer(Math.max(1, Math.ceil(at - now)), () => this.changed())
    if (!changed) return
    for (const { event, tell } of [...this.#listeners]) if (event === state) void told(tell)
  }

  #stateAt(now: number): RoomEvent {
    return this.#supply.availableAt(1, now) > now ? 'exhausted' : 'available'
  }
}

async function told(tell: () => unknown): Promise<void> {
  try {
    await tell()
  } catch (error) {
    console.error('taskscope: a listener of a limit threw', error)
  }
}
