import type { StoredTask, TaskStore } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory-store.ts'

/** A store in memory whose writes can be held up, or made to fail, from outside. */
export class FragileStore implements TaskStore {
  readonly inner = memoryStore()
  /** What every write rejects with. */
  failure: unknown
  /** Every write waits for it. */
  gate: Promise<void> = Promise.resolve()
  readonly batches: (readonly StoredTask[])[] = []

  open(history: number) {
    return this.inner.open(history)
  }

  async write(tasks: readonly StoredTask[]): Promise<void> {
    this.batches.push(tasks)
    await this.gate
    if (this.failure !== undefined) throw this.failure
    await this.inner.write(tasks)
  }

  close() {
    return this.inner.close()
  }
}
