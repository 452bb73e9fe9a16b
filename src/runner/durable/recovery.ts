import { timeOfDay } from '../../base/clock.ts'
import { StoreError, TaskInterruptedError } from '../../base/errors.ts'
import { show } from '../../base/options.ts'
import type { Supervisor } from '../../scheduler/supervisor.ts'
import { cutTask, encodeTask, labelOf } from '../../store/encode.ts'
import { inPieces } from '../../store/pieces.ts'
import { storeError } from '../../store/store-error.ts'
import type { DamagedTask, StoreContents, StoredTask, TaskStore } from '../../store/types.ts'
import type { TaskRecord } from '../../task/types.ts'
import { jobOf, storedRecord } from '../history.ts'
import type { Records } from '../records.ts'
import type { RunnerSettings } from '../runner-settings.ts'
import { resubmission, type Submission } from '../submission.ts'
import { keepKey } from './past-task.ts'
import { type Draft, RecordWriter, refusalOf } from './record-writer.ts'

/** What a runner takes over from earlier ones. */
export interface Past {
  /** Ids go on after this one. */
  readonly lastId: number
  /** The records of what has ended, the latest at the end: as many as fit into the history, or all there are. */
  readonly ended: readonly TaskRecord[]
  /** Whether the store may have others that have ended. */
  readonly storeHasMore: boolean
  readonly rerun: readonly Rerun[]
  /** Those of what has ended whose keys count yet, the highest id first. */
  readonly keyed: readonly TaskRecord[]
  readonly damaged: readonly DamagedTask[]
  /** What the store refused of what it was told meanwhile. */
  readonly refused: readonly StoreError[]
}

/** A task of an earlier process that is to be run again. */
interface Rerun {
  readonly id: number
  /** Epoch milliseconds, by the clock as it is now. */
  readonly createdAt: number
  readonly submission: Submission
}

export const NO_PAST: Past = Object.freeze({
  lastId: 0,
  ended: [],
  storeHasMore: false,
  rerun: [],
  keyed: [],
  damaged: [],
  refused: [],
})

/**
 * Opens the store and settles what is to become of the tasks in it. Rejects with `StoreError`: the store is then as it was
 * before, closed if this call opened it, and untouched if that was refused, since another runner may have it open.
 */
export async function openStore(store: TaskStore, settings: RunnerSettings): Promise<Past> {
  const contents = await open(store, settings)
  try {
    return await settle(store, contents, settings)
  } catch (error) {
    await closeQuietly(store)
    throw storeError(error, UNREADABLE)
  }
}

/** Closes a store whose runner could not start: the failure of the start is what there is to say. */
export async function closeQuietly(store: TaskStore): Promise<void> {
  try {
    await store.close()
  } catch {}
}

const UNREADABLE = "the store can't be read"

async function open(store: TaskStore, { history, retention }: RunnerSettings): Promise<StoreContents> {
  try {
    return await store.open(history, retention)
  } catch (error) {
    throw storeError(error, UNREADABLE)
  }
}

async function settle(store: TaskStore, contents: StoreContents, settings: RunnerSettings): Promise<Past> {
  const { lastId, unfinished, damaged = [] } = contents
  refuseUsedUpIds(lastId)
  const { rerun, failed } = await sort(unfinished, settings)
  const refused: StoreError[] = []
  await new RecordWriter(store).write(draftsOf(failed, refused))
  const ended: TaskRecord[] = []
  await inPieces(contents.ended, stored => ended.push(storedRecord(stored)))
  const keyed: TaskRecord[] = []
  const at = timeOfDay()
  if (store.find === undefined) keyed.push(...ended.filter(({ keyUntil = 0 }) => keyUntil > at).reverse())
  else await inPieces([...store.find({ keyAfter: at })], stored => keyed.push(storedRecord(stored)))
  const storeHasMore = ended.length >= settings.history
  return { lastId, ended: [...ended, ...failed], storeHasMore, rerun, keyed, damaged, refused }
}

function* draftsOf(records: readonly TaskRecord[], refused: StoreError[]): Generator<Draft> {
  for (const record of records) {
    yield {
      whole: encodeTask(record, jobOf(record)).task,
      cut: why => cutTask(record, jobOf(record), why),
      settled: (refusal, kept) => {
        if (refusal !== undefined) refused.push(refusalOf(labelOf(record), refusal, kept))
      },
    }
  }
}

/** So many ids one runner may need: they are what is between the last one and the largest exact integer. */
const ENOUGH_IDS = 2 ** 40

/** Past 2^53 two tasks in a row would get the same id. Only a damaged store, or one that was tampered with, is near it. */
function refuseUsedUpIds(lastId: number): void {
  if (Number.isSafeInteger(lastId) && lastId >= 0 && lastId <= Number.MAX_SAFE_INTEGER - ENOUGH_IDS) return
  const rule = `lastId must be an integer from 0 to ${Number.MAX_SAFE_INTEGER - ENOUGH_IDS}, got ${show(lastId)}`
  throw new StoreError(`the ids of the store are used up, new ones would repeat: restore a backup of it (${rule})`)
}

/** Which of the unfinished tasks are run again, and which fail for good. */
async function sort(
  unfinished: readonly StoredTask[],
  settings: RunnerSettings,
): Promise<{ rerun: Rerun[]; failed: TaskRecord[] }> {
  const rerun: Rerun[] = []
  const failed: TaskRecord[] = []
  if (settings.recover === 'ignore') return { rerun, failed }
  const at = timeOfDay()
  await inPieces(unfinished, stored => {
    try {
      rerun.push(rerunOf(stored, settings, at))
    } catch (error) {
      const endedAt = Math.max(at, stored.updatedAt)
      failed.push(storedRecord(stored, { status: 'failed', error, endedAt, updatedAt: endedAt }))
    }
  })
  return { rerun, failed }
}

function rerunOf(stored: StoredTask, { recover, registry, defaults }: RunnerSettings, at: number): Rerun {
  const { id, job } = stored
  if (recover === 'fail') throw interrupted(stored, `and recover is 'fail'`)
  if (job === undefined) throw interrupted(stored, 'and it was not submitted as a task whose class is in tasks')
  const age = ageOf(stored, at)
  let made: Submission | undefined
  try {
    const revived = registry.revive(job)
    if (revived !== undefined) {
      const { deadline } = revived.options
      made = resubmission(revived, deadline === undefined ? deadline : Math.max(0, deadline - age), defaults)
    }
  } catch (cause) {
    throw interrupted(stored, 'and its class could not make it again', cause)
  }
  if (made === undefined) throw interrupted(stored, 'and its class is not in tasks')
  return { id, createdAt: at - age, submission: made }
}

/** How long ago a task was created: where the clock was set back since then, for how long it is known to have been there. */
function ageOf({ createdAt, updatedAt }: StoredTask, at: number): number {
  return Math.max(at, updatedAt, createdAt) - createdAt
}

function interrupted({ id, name, status }: StoredTask, why: string, cause?: unknown): TaskInterruptedError {
  const message = `task ${id} "${name}" was ${status} when its process ended, ${why}: submit it again if it is still wanted`
  return new TaskInterruptedError(message, cause === undefined ? undefined : { cause })
}

/** Has a runner go on from there: in pieces, and before any of them may start, as the last may be the first to go. */
export async function takeOver(
  { lastId, ended, storeHasMore, rerun, keyed, damaged, refused }: Past,
  supervisor: Supervisor,
  records: Records,
): Promise<void> {
  const { scheduler } = supervisor
  scheduler.continueAfter(lastId)
  records.takeOver(ended, damaged, storeHasMore)
  for (const { error } of damaged) scheduler.report.log(error, 'the store has a damaged record')
  for (const error of refused) scheduler.report.log(error, 'the store did not keep all of what was interrupted')
  scheduler.paused = true
  await inPieces(keyed.toReversed(), record => keepKey(scheduler.keys, record))
  await inPieces(rerun, ({ id, createdAt, submission: { work, settings } }) => {
    const task = scheduler.spawn(work, settings, { id, createdAt })
    if (settings.key !== undefined) scheduler.keys.adopt(task)
  })
}
