import { now } from '../../base/clock.ts'
import { StoreError } from '../../base/errors.ts'
import { turn } from '../../store/pieces.ts'
import { reasonOf, storeError } from '../../store/store-error.ts'
import type { StoredTask, TaskStore } from '../../store/types.ts'

/** A record on its way into the store. */
export interface Draft {
  readonly whole: StoredTask
  /** What is kept instead when the store refuses the whole; none where that would be worse than nothing. */
  readonly cut: ((why: string) => StoredTask) | undefined
  /** Called once, unless the store fails: with what the store refused, and whether it has the record cut. */
  settled(refusal: StoreError | undefined, kept: boolean): void
}

/** So many records go in one write: the event loop is free again in between. */
export const BATCH = 500
/** So many characters go in one write; a larger record goes alone. */
const LARGEST_WRITE = 8_000_000

/**
 * Writes records into a store, and finds those that the store refuses while it takes others: they are kept cut, or not at
 * all, and hold up nothing else.
 */
export class RecordWriter {
  readonly #store: TaskStore
  /** When the write was begun that the store has not answered. */
  busySince: number | undefined
  #stopped = false
  /** What the store has taken in this pass: proof that it works, and harmless to be written again. */
  #taken: readonly StoredTask[] | undefined
  /** What it refused in this pass before it had taken anything. */
  #suspects: (readonly [draft: Draft, refusal: StoreError])[] = []

  constructor(store: TaskStore) {
    this.#store = store
  }

  /** Nothing is written any more; a write that the store has not answered can't be taken back. */
  stop(): void {
    this.#stopped = true
  }

  /**
   * Writes them all, and settles each. Rejects with the `StoreError` when the store takes nothing: the rest is unsettled
   * then. `cautious` begins with a single one, for a store that has failed before. One call at a time.
   */
  async write(drafts: Iterable<Draft>, cautious = false): Promise<void> {
    this.#taken = undefined
    this.#suspects = []
    let batch: Draft[] = []
    let size = 0
    for (const draft of drafts) {
      const added = sizeOf(draft.whole)
      const full = batch.length === BATCH || size + added > LARGEST_WRITE || (cautious && this.#taken === undefined)
      if (full && batch.length > 0) {
        await this.#put(batch)
        await turn()
        batch = []
        size = 0
      }
      batch.push(draft)
      size += added
    }
    if (batch.length > 0) await this.#put(batch)
    this.#sentence()
  }

  async #put(drafts: readonly Draft[]): Promise<void> {
    const wholes = drafts.map(({ whole }) => whole)
    const refusal = await this.#attempt(wholes)
    if (refusal === undefined) {
      this.#taken = wholes
      for (const draft of drafts) draft.settled(undefined, true)
    } else if (drafts.length === 1) await this.#putCut(drafts[0] as Draft, refusal)
    else await this.#sift(drafts)
  }

  /** Until the store has taken something a single record tells most: whether it works at all. Then halves are faster. */
  async #sift(drafts: readonly Draft[]): Promise<void> {
    const at = this.#taken === undefined ? drafts.length - 1 : drafts.length >> 1
    for (const part of [drafts.slice(at), drafts.slice(0, at)]) {
      await turn()
      await this.#put(part)
    }
  }

  async #putCut(draft: Draft, refusal: StoreError): Promise<void> {
    const cut = draft.cut?.(reasonOf(refusal.cause ?? refusal))
    if (cut !== undefined && (await this.#attempt([cut])) === undefined) {
      this.#taken = [cut]
      return draft.settled(refusal, true)
    }
    // Two that are refused, and none that is taken: it is the store that fails, not the record.
    if (this.#taken === undefined && this.#suspects.length > 0) throw refusal
    if (this.#taken !== undefined && (await this.#attempt([smallest(this.#taken)])) !== undefined) throw refusal
    this.#suspects.push([draft, refusal])
  }

  /** What was refused is to blame if the store has taken anything else. */
  #sentence(): void {
    const [first] = this.#suspects
    if (first !== undefined && this.#taken === undefined) throw first[1]
    for (const [draft, refusal] of this.#suspects) draft.settled(refusal, false)
  }

  /** What the store said if it did not write them. */
  async #attempt(tasks: readonly StoredTask[]): Promise<StoreError | undefined> {
    if (this.#stopped) throw new StoreError('the runner is closed and writes nothing any more')
    this.busySince = now()
    try {
      await this.#store.write(tasks)
      return undefined
    } catch (thrown) {
      return storeError(thrown)
    } finally {
      this.busySince = undefined
    }
  }
}

function sizeOf({ record, job = '' }: StoredTask): number {
  return record.length + job.length
}

function smallest(tasks: readonly StoredTask[]): StoredTask {
  return tasks.reduce((least, task) => (sizeOf(task) < sizeOf(least) ? task : least))
}

/** What there is to say of a record that a store refused while it took others. */
export function refusalOf(label: string, refusal: StoreError, kept: boolean): StoreError {
  const became = kept ? 'is kept cut, since the store refused it' : 'could not be kept, the store refuses it'
  return new StoreError(`the record of ${label} ${became}: ${reasonOf(refusal)}`, { cause: refusal })
}
