import type { Host } from '../messages/host.ts'

/** One worker of a pool at one moment. */
export interface WorkerState {
  readonly number: number
  /** The thread's id or the process's. */
  readonly id: number
  readonly state: 'starting' | 'busy' | 'idle' | 'ending'
  readonly active: number
  readonly dispatched: number
  /** Asks how many bytes it holds; rejects when it is gone. */
  readonly memory: () => Promise<number>
}

/** One worker of a pool, with what the pool needs to know to choose it, to recycle it and to let it go. */
export class PoolWorker {
  readonly host: Host
  /** 1, 2, 3 … in the order in which they were started. */
  readonly number: number
  readonly #concurrency: number
  #ready = false
  /** How many calls it has. */
  active = 0
  /** How many calls it has had, those included. */
  dispatched = 0
  /** It takes no new calls, and goes when its last has ended. */
  retiring = false
  /** Since when it has had nothing to do. */
  idleSince = 0
  /** Whether an answer about its memory is to come. */
  measuring = false

  constructor(host: Host, number: number, concurrency: number) {
    this.host = host
    this.number = number
    this.#concurrency = concurrency
  }

  /** It has started. */
  becomeReady(now: number): void {
    this.#ready = true
    this.idleSince = now
  }

  get starting(): boolean {
    return !this.#ready && !this.host.closed
  }

  /** Whether it may take a call at once. The host says it is closed before its calls hear of it. */
  get free(): boolean {
    if (!this.#ready || this.active >= this.#concurrency || this.retiring) return false
    return !this.host.closed && !this.host.doubtful
  }

  get idle(): boolean {
    return this.#ready && this.active === 0 && !this.retiring && !this.host.closed
  }

  state(): WorkerState {
    const { host, number, active, dispatched, starting, idle } = this
    const state = host.closed ? 'ending' : starting ? 'starting' : idle ? 'idle' : 'busy'
    return { number, id: host.id, state, active, dispatched, memory: () => host.memory() }
  }
}

/**
 * Which of the workers that are free takes the next call: the one with the fewest calls at the moment, the next in turn,
 * the one that had the fewest calls so far, or any.
 */
export type LoadBalancing = 'least-active' | 'round-robin' | 'least-total' | 'random'

/** Picks one of the workers that are free, or none when none is. */
export type PickWorker = (workers: readonly PoolWorker[]) => PoolWorker | undefined

/** Each strategy, made with whatever it remembers from one pick to the next. */
export const BALANCERS: Readonly<Record<LoadBalancing, () => PickWorker>> = {
  'least-active': () => workers => least(workers, worker => worker.active),
  'round-robin': inTurn,
  'least-total': () => workers => least(workers, worker => worker.dispatched),
  random: () => anyOf,
}

/** Of several that have as few, the oldest: the youngest are left to become idle and go. */
function least(workers: readonly PoolWorker[], measure: (worker: PoolWorker) => number): PoolWorker | undefined {
  let best: PoolWorker | undefined
  let fewest = Number.POSITIVE_INFINITY
  for (const worker of workers) {
    if (!worker.free || measure(worker) >= fewest) continue
    best = worker
    fewest = measure(worker)
  }
  return best
}

function inTurn(): PickWorker {
  let last = 0
  return workers => {
    // By the worker's number, not its place: places shift when one goes.
    const picked = workers.find(worker => worker.free && worker.number > last) ?? workers.find(worker => worker.free)
    if (picked !== undefined) last = picked.number
    return picked
  }
}

function anyOf(workers: readonly PoolWorker[]): PoolWorker | undefined {
  const free = workers.filter(worker => worker.free)
  return free[Math.floor(Math.random() * free.length)]
}
