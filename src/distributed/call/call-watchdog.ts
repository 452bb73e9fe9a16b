import { now, startTimer, type Timer } from '../../base/clock.ts'
import type { ConnectionReport } from '../../connection/connection-report.ts'
import { PRESENCE } from '../protocol/protocol.ts'
import type { OpenQueue } from './open-queue.ts'
import type { OutstandingCalls } from './outstanding-calls.ts'
import type { Priorities } from './priorities.ts'
import type { QueuedCall } from './queued-call.ts'

/** Milliseconds between two looks. */
const LOOK = 1_000
/** How many calls are looked at at a time, so that a look costs next to nothing however many there are. */
const LOOKED_AT = 100

/** What is looked after, and how. */
export interface Watched {
  readonly outstanding: OutstandingCalls
  readonly presence: WorkerHeartbeats
  readonly priorities: Priorities
  readonly report: ConnectionReport
  /** What is open, if anything is. */
  open(): Promise<OpenQueue> | undefined
  /** Asks what became of a call. */
  check(open: OpenQueue, call: QueuedCall): Promise<void>
  failed(error: unknown): void
}

/** Looks after the calls that wait: asks about those that nothing was heard of for long, and about all after a trouble. */
export class CallWatchdog {
  readonly #watched: Watched
  #timer: Timer | undefined
  #disturbed = false

  constructor(watched: Watched) {
    this.#watched = watched
  }

  /** There was a trouble with the server: events may be lost. */
  disturb(): void {
    this.#disturbed = true
  }

  /** Looks before long, and again for as long as calls wait. */
  start(): void {
    this.#timer ??= startTimer(LOOK, () => void this.#look())
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  async #look(): Promise<void> {
    const { outstanding, presence, report, check, failed, open: current } = this.#watched
    try {
      const open = await current()
      if (open === undefined) return
      if (this.#disturbed) await this.#lookAfterTrouble(open)
      else await Promise.all(outstanding.silent(LOOKED_AT).map(call => check(open, call)))
      const lonely = report.noticeWorkers(presence.count, outstanding.size)
      if (lonely) await open.server.publish(open.control, 'who')
    } catch (error) {
      failed(error)
    } finally {
      this.#timer = undefined
      if (outstanding.size > 0) this.start()
    }
  }

  async #lookAfterTrouble(open: OpenQueue): Promise<void> {
    const { outstanding, priorities, report, check } = this.#watched
    await open.server.ping()
    this.#disturbed = false
    await open.server.publish(open.control, 'who')
    await priorities.open(open.server, open.queue)
    const calls = outstanding.one()
    while (calls.length > 0) await Promise.all(calls.splice(0, LOOKED_AT).map(call => check(open, call)))
    report.back()
  }
}

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
