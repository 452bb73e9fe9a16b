import { now } from '../base/clock.ts'
import type { QueueCounts, QueueState } from '../worker/engine/engine.ts'
import type { WorkerState } from '../worker/pool/pool-worker.ts'
import type { Watched } from './watched.ts'

/** A worker or a server is asked no more often than that. */
const EVERY = 2_000

/** What was said last, and whether an answer is still to come. */
interface Answer<T> {
  said?: T
  askedAt: number
  asking: boolean
}

/** What a picture needs and can't wait for: what workers hold, and how long queues elsewhere are. */
export class Asked {
  readonly #memory = new WeakMap<Watched, Map<number, Answer<number>>>()
  readonly #queues = new WeakMap<Watched, Answer<QueueCounts | undefined>>()

  /** The workers of a pool as they are now, with what they said last; those that were not asked for a while are. */
  workersOf(watched: Watched): readonly object[] {
    const workers = watched.engine?.workers?.() ?? []
    if (workers.length === 0) return []
    const before = this.#memory.get(watched)
    const said: typeof before = new Map()
    this.#memory.set(watched, said)
    return workers.map(worker => {
      const one = before?.get(worker.number) ?? unasked()
      said.set(worker.number, one)
      if (isUp(worker)) ask(one, () => worker.memory())
      const { memory: _, ...state } = worker
      return { ...state, ...(one.said !== undefined && { bytes: one.said }) }
    })
  }

  /** The queue that calls go through, with how many it had when it was last asked. */
  queueOf(watched: Watched): object | undefined {
    const queue: QueueState | undefined = watched.queue?.()
    if (queue === undefined) return undefined
    const { counts, ...state } = queue
    let one = this.#queues.get(watched)
    if (one === undefined) this.#queues.set(watched, (one = unasked()))
    ask(one, counts)
    return { ...state, ...(one.said !== undefined && { counts: one.said }) }
  }
}

function unasked<T>(): Answer<T> {
  return { askedAt: Number.NEGATIVE_INFINITY, asking: false }
}

function isUp({ state }: WorkerState): boolean {
  return state !== 'starting' && state !== 'ending'
}

/** A server that is away may answer very late: then what it said before stands no longer. */
function ask<T>(one: Answer<T>, question: () => Promise<T>): void {
  if (one.asking) {
    if (now() - one.askedAt > 3 * EVERY) delete one.said
    return
  }
  if (now() - one.askedAt < EVERY) return
  one.asking = true
  one.askedAt = now()
  question().then(
    said => {
      one.said = said
      one.asking = false
    },
    () => {
      delete one.said
      one.asking = false
    },
  )
}
