import { afterTurn } from '../base/platform.ts'
import { type Ended, recordFrom } from '../runner/records.ts'
import { Task } from '../task/task.ts'
import type { TaskStatus } from '../task/types.ts'
import { errorText, plainRow } from './plain.ts'
import type { Watched } from './watched.ts'

/** What ended tasks are searched for: all of it must fit; texts are found anywhere, whatever their case. */
export interface Search {
  readonly status: string | undefined
  readonly type: string | undefined
  readonly name: string | undefined
  readonly error: string | undefined
  /** The number where the page before ended. */
  readonly before: number
  readonly limit: number
}

interface Found {
  readonly rows: readonly object[]
  /** Where the next page begins, if there may be one. */
  readonly next: number | undefined
  readonly looked: number
}

/** So long a search goes on without a turn of the event loop, in milliseconds. */
const TURN = 4

/** Ended tasks that fit, the last to end first. The tasks that are watched go on meanwhile. */
export async function searchHistory({ history }: Watched, search: Search, signal: AbortSignal): Promise<Found> {
  const rows: object[] = []
  const fits = matcher(search)
  let looked = 0
  let since = performance.now()
  for (const [number, ended] of history.newest(search.before)) {
    looked += 1
    if (fits(ended)) rows.push(plainRow(recordFrom(ended)))
    if (rows.length === search.limit) return { rows, next: number, looked }
    if (performance.now() - since < TURN) continue
    await new Promise<void>(afterTurn)
    if (signal.aborted) break
    since = performance.now()
  }
  return { rows, next: undefined, looked }
}

function matcher({ status, type, name, error }: Search): (ended: Ended) => boolean {
  const statuses = status === undefined ? undefined : new Set(status.split(',') as TaskStatus[])
  const typeFits = finder(type)
  const nameFits = finder(name)
  const errorFits = finder(error)
  return ended =>
    (statuses === undefined || statuses.has(ended.status)) &&
    (nameFits === undefined || nameFits(ended.name)) &&
    (typeFits === undefined || typeFits((ended instanceof Task ? ended.settings.type : ended.type) ?? '')) &&
    (errorFits === undefined || (ended.status === 'failed' && errorFits(errorText(errorOf(ended)))))
}

function errorOf(ended: Ended): unknown {
  return ended instanceof Task ? ended.outcome : ended.error
}

function finder(text: string | undefined): ((within: string) => boolean) | undefined {
  if (text === undefined || text === '') return undefined
  const wanted = text.toLowerCase()
  return within => within.toLowerCase().includes(wanted)
}
