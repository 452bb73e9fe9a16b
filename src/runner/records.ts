import { capacity, count, type Known, knownOptions, oneOf, string } from '../base/options.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import { recordOf } from '../task/record.ts'
import { Task } from '../task/task.ts'
import type { TaskRecord, TaskStatus } from '../task/types.ts'
import { type Ended, type History, recordFrom } from './history.ts'
import type { RecordQuery } from './types.ts'

const RECORD_QUERY: Known<RecordQuery> = { status: true, type: true, limit: true, before: true }

const STATUSES: readonly TaskStatus[] = ['pending', 'running', 'stopping', 'done', 'failed', 'cancelled']

/** The records that fit a query, newest first. */
export function queryRecords(scheduler: Scheduler, history: History, query: RecordQuery | undefined): TaskRecord[] {
  const fits = matcher(query)
  const found: Ended[] = []
  for (const task of scheduler.live) if (fits(task)) found.push(task)
  for (const task of history) if (fits(task)) found.push(task)
  found.sort((a, b) => b.id - a.id)
  const { limit = Number.POSITIVE_INFINITY } = query ?? {}
  return found.slice(0, count('limit', limit)).map(recordFrom)
}

function matcher(query: RecordQuery | undefined): (task: Ended) => boolean {
  const { status, type, before = Number.POSITIVE_INFINITY } = knownOptions('query', query, RECORD_QUERY) ?? {}
  const statuses = status === undefined ? undefined : new Set(statusesOf(status))
  if (type !== undefined) string('type', type)
  capacity('before', before)
  return task =>
    task.id < before &&
    (statuses === undefined || statuses.has(task.status)) &&
    (type === undefined || (task instanceof Task ? task.settings.type : task.type) === type)
}

function statusesOf(status: TaskStatus | readonly TaskStatus[]): TaskStatus[] {
  const given = typeof status === 'object' && Array.isArray(status) ? status : [status]
  return given.map(one => oneOf('status', STATUSES, one as TaskStatus))
}

/** The record of a task, if there still is one. */
export function findRecord(scheduler: Scheduler, history: History, id: number): TaskRecord | undefined {
  const live = scheduler.find(id)
  if (live !== undefined) return recordOf(live)
  const ended = history.find(id)
  return ended && recordFrom(ended)
}
