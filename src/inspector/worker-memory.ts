import { now } from '../base/clock.ts'
import type { Engine } from '../worker/engine/engine.ts'
import type { WorkerState } from '../worker/pool/worker-pool.ts'

/** A worker is asked how much it holds no more often than that. */
const EVERY = 2_000

/** What workers said when they were last asked about their memory. */
export class WorkerMemory {
  readonly #said = new WeakMap<Engine, Map<number, { bytes?: number; askedAt: number; asking: boolean }>>()

  /** The workers of an engine as they are now, and asks those that were not for a while. */
  workersOf(engine: Engine | undefined): readonly object[] {
    const workers = engine?.workers?.() ?? []
    if (engine === undefined || workers.length === 0) return []
    const before = this.#said.get(engine)
    const said: typeof before = new Map()
    this.#said.set(engine, said)
    return workers.map(worker => {
      const one = before?.get(worker.number) ?? { askedAt: Number.NEGATIVE_INFINITY, asking: false }
      said.set(worker.number, one)
      this.#ask(worker, one)
      const { memory: _, ...state } = worker
      return { ...state, ...(one.bytes !== undefined && { bytes: one.bytes }) }
    })
  }

  #ask(worker: WorkerState, one: { bytes?: number; askedAt: number; asking: boolean }): void {
    if (one.asking || now() - one.askedAt < EVERY || worker.state === 'starting' || worker.state === 'ending') return
    one.asking = true
    one.askedAt = now()
    worker.memory().then(
      bytes => {
        one.bytes = bytes
        one.asking = false
      },
      () => {},
    )
  }
}
