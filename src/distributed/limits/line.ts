import { randomUUID } from 'node:crypto'
import { startBackgroundTimer, startTimer } from '../../base/clock.ts'
import { retryDelay } from '../../connection/connect.ts'
import { NOT_WAITING, type Requester, type Waiting } from '../../limits/acquire/permit-source.ts'
import type { Counter } from './counter.ts'
import { LostError } from './link.ts'
import type { SharedPermit } from './permit.ts'

interface Waiter {
  /** By which the server knows it, also when the same is asked again because an answer was lost. */
  readonly id: string
  readonly amount: number
  readonly requester: Requester<SharedPermit>
  /** Nobody waits for it: it keeps no process alive. */
  readonly debt: boolean
}

const NOBODY: Requester<SharedPermit> = { granted() {}, refused() {} }

/** Those in this process who wait for a limit, first come, first served: only the first one asks the server. */
export class Line {
  readonly #counter: Counter
  readonly #pause: (wait: number) => number
  readonly #waiters = new Set<Waiter>()
  #closed: { readonly reason: unknown } | undefined
  #serving: Promise<void> | undefined
  #alarm: (() => void) | undefined
  /** It sleeps for debts alone. */
  #inBackground = false
  /** Something came back while the server was being asked: its answer may be older than that. */
  #woken = false

  /** @param pause how long to sleep when told to wait for so many milliseconds */
  constructor(counter: Counter, pause: (wait: number) => number) {
    this.#counter = counter
    this.#pause = pause
  }

  enter(amount: number, requester: Requester<SharedPermit>): Waiting {
    if (this.#closed !== undefined) {
      requester.refused(this.#closed.reason)
      return NOT_WAITING
    }
    const waiter: Waiter = { id: randomUUID(), amount, requester, debt: false }
    this.#waiters.add(waiter)
    this.#serving ??= this.#serve()
    // Now there is a request to keep the process alive for.
    if (this.#inBackground) this.wake()
    return { cancel: () => this.#leave(waiter) }
  }

  /** Takes what was used already, before those that wait and in pieces of at most `most`. What fails is not tried again. */
  owe(amount: number, most: number): void {
    if (this.#closed !== undefined) return
    const waiting = [...this.#waiters]
    const paid = waiting.filter(({ debt }) => debt)
    for (let left = amount; left > 0; left -= most) {
      const piece = { id: randomUUID(), amount: Math.min(left, most), requester: NOBODY, debt: true }
      paid.push(piece)
    }
    this.#waiters.clear()
    for (const each of [...paid, ...waiting.filter(({ debt }) => !debt)]) this.#waiters.add(each)
    this.#serving ??= this.#serve()
  }

  /** Has the server asked again at once. */
  wake(): void {
    this.#woken = true
    this.#alarm?.()
  }

  /** Fails all who wait, now and later. What the server grants meanwhile has gone back when this resolves. */
  async close(reason: unknown): Promise<void> {
    this.#closed ??= { reason }
    this.#failAll(reason)
    await this.#serving
  }

  #leave(waiter: Waiter): void {
    const wasFirst = waiter === this.#first()
    this.#waiters.delete(waiter)
    if (wasFirst) this.wake()
  }

  #first(): Waiter | undefined {
    for (const waiter of this.#waiters) return waiter
    return undefined
  }

  async #serve(): Promise<void> {
    let losses = 0
    for (let first = this.#first(); first !== undefined; first = this.#first()) {
      this.#woken = false
      try {
        const wait = await this.#ask(first)
        losses = 0
        if (wait !== undefined) await this.#sleep(this.#pause(Math.max(1, wait)))
      } catch (error) {
        if (error instanceof LostError) await this.#sleep(retryDelay(losses++))
        else this.#failAll(error)
      }
    }
    this.#serving = undefined
  }

  /** Returns for how many milliseconds there is not enough to be had, or nothing when the waiter got what it asked for. */
  async #ask(waiter: Waiter): Promise<number | undefined> {
    const answer = await this.#counter.take(waiter.id, waiter.amount)
    if ('wait' in answer) return answer.wait
    const permit = this.#counter.permit(answer.token, waiter.amount)
    if (this.#waiters.delete(waiter)) waiter.requester.granted(permit)
    else await permit.undone()
    return undefined
  }

  #sleep(delay: number): Promise<void> | undefined {
    if (this.#woken) return undefined
    return new Promise(resolve => {
      this.#inBackground = [...this.#waiters].every(({ debt }) => debt)
      const timer = (this.#inBackground ? startBackgroundTimer : startTimer)(delay, () => this.#alarm?.())
      this.#alarm = () => {
        this.#alarm = undefined
        this.#inBackground = false
        timer.cancel()
        resolve()
      }
    })
  }

  #failAll(reason: unknown): void {
    const all = [...this.#waiters]
    this.#waiters.clear()
    for (const waiter of all) waiter.requester.refused(reason)
    this.wake()
  }
}
