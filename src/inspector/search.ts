import { afterTurn } from '../base/platform.ts'
import { type Ended, recordFrom } from '../runner/history.ts'
import { Task } from '../task/task.ts'
import type { TaskRecord, TaskStatus } from '../task/types.ts'
import { errorText, plainRow } from './plain.ts'
import type { Watched } from './watched.ts'

/** What ended tasks are searched for: all of it must fit; texts are found anywhere, whatever their case. */
export interface Search {
  readonly status: string | undefined
  readonly type: string | undefined
  readonly name: string | undefined
  readonly tag: string | undefined
  readonly error: string | undefined
  readonly from: Place
  readonly limit: number
}

/** Where a page begins: behind that number of the history, or behind that id in the store. */
export type Place = { readonly number: number } | { readonly storedId: number }

interface Found {
  readonly rows: readonly object[]
  /** Where the next page begins, if there may be one. */
  readonly next: string | undefined
  readonly looked: number
}

/** So long a search goes on without a turn of the event loop, in milliseconds. */
const TURN = 2

/**
 * Ended tasks that fit, the last to end first, and then those that only the store of a runner has, by their ids. The tasks that
 * are watched go on meanwhile.
 */
export async function searchHistory(watched: Watched, search: Search, signal: AbortSignal): Promise<Found> {
  const { history } = watched
  const { from, limit } = search
  const rows: object[] = []
  const fits = matcher(search)
  const pace = new Pace()
  let looked = 0
  if ('number' in from) {
    for (const [number, ended] of history.newest(from.number)) {
      looked += 1
      if (fits(ended)) rows.push(plainRow(recordFrom(ended)))
      if (rows.length === limit) return { rows, next: String(number), looked }
      if (!pace.over) continue
      await pace.turn()
      if (signal.aborted) return { rows, next: undefined, looked }
    }
  }
  // Anew after each turn: nothing may stay open in a file that is written meanwhile.
  let before: number | undefined = 'number' in from ? FIRST : from.storedId
  while (before !== undefined) {
    const piece: Iterable<TaskRecord> = watched.inStore(before)
    before = undefined
    for (const record of piece) {
      looked += 1
      if (history.find(record.id) === undefined && fits(record)) rows.push(plainRow(record))
      if (rows.length === limit) return { rows, next: `s${record.id}`, looked }
      if (!pace.over) continue
      before = record.id
      break
    }
    if (before !== undefined) await pace.turn()
    if (signal.aborted) break
  }
  return { rows, next: undefined, looked }
}

/** Behind no id at all. */
const FIRST = Number.MAX_SAFE_INTEGER

class Pace {
  #since = performance.now()

  get over(): boolean {
    return performance.now() - this.#since >= TURN
  }

  async turn(): Promise<void> {
    await new Promise<void>(afterTurn)
    this.#since = performance.now()
  }
}

function matcher({ status, type, name, tag, error }: Search): (ended: Ended) => boolean {
  const statuses = status === undefined ? undefined : new Set(status.split(',') as TaskStatus[])
  const typeFits = finder(type)
  const nameFits = finder(name)
  const tagFits = finder(tag)
  const errorFits = finder(error)
  return ended =>
    (statuses === undefined || statuses.has(ended.status)) &&
    (nameFits === undefined || nameFits(ended.name)) &&
    (typeFits === undefined || typeFits(ofTask(ended).type ?? '')) &&
    (tagFits === undefined || ofTask(ended).tags?.some(tagFits) === true) &&
    (errorFits === undefined || (ended.status === 'failed' && errorFits(errorText(errorOf(ended)))))
}

function ofTask(ended: Ended): { readonly type?: string | undefined; readonly tags?: readonly string[] | undefined } {
  return ended instanceof Task ? ended.settings : ended
}

function errorOf(ended: Ended): unknown {
  return ended instanceof Task ? ended.outcome : ended.error
}

function finder(text: string | undefined): ((within: string) => boolean) | undefined {
  if (text === undefined || text === '') return undefined
  const wanted = text.toLowerCase()
  return within => within.toLowerCase().includes(wanted)
}
