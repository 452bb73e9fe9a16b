import type { BrokerConnection, Queue } from '../bullmq/broker-connection.ts'

/** The engine knows whole numbers from 1 to twice this, the lower the sooner, and puts jobs without before all of them. */
const MIDDLE = 2 ** 20
const MARK = 'taskscope.priorities'

/**
 * The priorities of the jobs of one queue. Those without one are twice as cheap for the server, but go before all others:
 * so calls of priority 0 have none until a caller somewhere makes a call of a higher priority, which is remembered with
 * the queue, and all have one from then on.
 */
export class Priorities {
  #used = false

  /** Learns whether the queue needs them already. */
  async open(server: BrokerConnection, queue: Queue): Promise<void> {
    this.#used ||= await server.isMarked(queue, MARK)
    // A server may have forgotten what was true before.
    if (this.#used) await server.mark(queue, MARK)
  }

  /** Another caller has made a call of a higher priority. */
  heard(): void {
    this.#used = true
  }

  /** Whether others have to be told before a job of this priority is added. */
  newTo(priority: number): boolean {
    return priority > 0 && !this.#used
  }

  async tell(server: BrokerConnection, queue: Queue): Promise<void> {
    await server.mark(queue, MARK)
    await server.publish(queue, 'priorities')
    this.#used = true
  }

  /** The engine's priority for ours, where the higher go first. */
  of(priority: number): number | undefined {
    if (priority === 0 && !this.#used) return undefined
    return Math.min(Math.max(Math.round(MIDDLE - priority), 1), 2 * MIDDLE - 1)
  }
}
