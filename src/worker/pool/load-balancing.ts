import type { PoolWorker } from './pool-worker.ts'

/**
 * Which of the workers that are free takes the next call: the one with the fewest calls at the moment, the next in turn,
 * the one that had the fewest calls so far, or any.
 */
export type LoadBalancing = 'least-active' | 'round-robin' | 'least-total' | 'random'

/** All of them, for validation. */
export const LOAD_BALANCING = ['least-active', 'round-robin', 'least-total', 'random'] as const

/** Picks one of the workers that are free, or none when none is. */
export type PickWorker = (workers: readonly PoolWorker[]) => PoolWorker | undefined

/** A strategy, with whatever it remembers from one pick to the next. */
export function balancer(strategy: LoadBalancing): PickWorker {
  switch (strategy) {
    case 'least-active':
      return workers => least(workers, worker => worker.active)
    case 'least-total':
      return workers => least(workers, worker => worker.dispatched)
    case 'round-robin':
      return inTurn()
    case 'random':
      return anyOf
  }
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
