import type { StoreContents, StoredTask } from '../../src/store/types.ts'
import { endedTask, pendingTask } from './tasks.ts'

const SIZE = 20

function idsOfBatch(batch: number): number[] {
  return Array.from({ length: SIZE }, (_, index) => (batch - 1) * SIZE + index + 1)
}

/** The tasks of batch 1, 2, 3 …: new ones, and those of the batch before, which have ended. */
export function batchOf(batch: number): StoredTask[] {
  const ended = batch === 1 ? [] : idsOfBatch(batch - 1).map(id => endedTask(id, batch))
  return [...ended, ...idsOfBatch(batch).map(id => pendingTask(id))]
}

/** The latest batch of which there is anything in a store. */
export function latestBatch({ lastId }: Pick<StoreContents, 'lastId'>): number {
  return Math.ceil(lastId / SIZE)
}

/** What a store holds when it was given all batches up to this one, each as a whole. */
export function contentsAfter(batch: number): StoreContents {
  const batches = Array.from({ length: batch }, (_, index) => index + 1)
  return {
    lastId: batch * SIZE,
    unfinished: batch === 0 ? [] : idsOfBatch(batch).map(id => pendingTask(id)),
    ended: batches.slice(0, -1).flatMap(earlier => idsOfBatch(earlier).map(id => endedTask(id, earlier + 1))),
  }
}
