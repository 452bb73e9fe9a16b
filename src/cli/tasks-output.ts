import { inspect } from 'node:util'
import { attempt } from '../base/attempt.ts'
import { decodeRecord } from '../store/decode.ts'
import type { TaskCount } from '../store/sqlite/reader.ts'
import { reasonOf } from '../store/store-error.ts'
import type { StoredTask } from '../store/types.ts'
import type { TaskRecord } from '../task/types.ts'
import { visible, visibleJson, visibleLines } from './visible.ts'

const LONGEST_NAME = 40
const LONGEST_TEXT = 60

const HEAD = ['ID', 'STATUS', 'CREATED', 'TOOK', 'TRY', 'TYPE', 'NAME', 'TAGS', 'ERROR']

/** A list of tasks, a line for each. */
export function listText(tasks: readonly StoredTask[]): string {
  return tasks.length === 0 ? 'no tasks\n' : table([HEAD, ...tasks.map(rowOf)])
}

function rowOf(task: StoredTask): string[] {
  const record = recordOf(task)
  const error = record !== undefined && 'error' in record ? reasonOf(record.error) : ''
  return [
    String(task.id),
    visible(task.status),
    time(task.createdAt),
    record?.startedAt === undefined || task.endedAt === undefined ? '' : duration(task.endedAt - record.startedAt),
    record === undefined ? '?' : visible(String(record.attempt)),
    short(task.type ?? '', LONGEST_NAME),
    short(task.name, LONGEST_NAME),
    short(task.tags?.join(',') ?? '', LONGEST_NAME),
    short(error, LONGEST_TEXT),
  ]
}

/** Everything about one task. */
export function taskText(task: StoredTask): string {
  const record = recordOf(task)
  const fields: (readonly [name: string, value: string | undefined])[] = [
    ['id', String(task.id)],
    ['name', visible(task.name)],
    ['type', task.type && visible(task.type)],
    ['tags', task.tags && visible(task.tags.join(', '))],
    ['status', `${visible(task.status)}${record?.abandoned ? ', its work went on' : ''}`],
    ['created', time(task.createdAt)],
    ['started', record?.startedAt === undefined ? undefined : time(record.startedAt)],
    ['ended', task.endedAt === undefined ? undefined : time(task.endedAt)],
    ['attempt', record && visible(String(record.attempt))],
    ['repeats', record?.rerunOf === undefined ? undefined : `task ${visible(String(record.rerunOf))}`],
    ['payload', job(task) === undefined ? undefined : shown(job(task))],
    ['progress', record?.progress && shown(record.progress)],
    ['result', record !== undefined && 'result' in record ? shown(record.result) : undefined],
    ['no result', record?.resultLeftOut && visible(String(record.resultLeftOut))],
    ['reason', record !== undefined && 'cancelReason' in record ? shown(record.cancelReason) : undefined],
    ['error', record !== undefined && 'error' in record ? shown(record.error) : undefined],
    ['record', record === undefined ? 'is not one of a task' : undefined],
  ]
  const lines = fields.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name.padEnd(10)}${value.replaceAll('\n', `\n${' '.repeat(10)}`)}`],
  )
  return `${lines.join('\n')}\n`
}

/** How many there are of each type and status. */
export function countsText(counts: readonly TaskCount[], held: boolean): string {
  const runner = held ? 'a runner has the file open' : 'no runner has the file open'
  if (counts.length === 0) return `no tasks; ${runner}\n`
  const sums = new Map<string, number>()
  for (const { status, count } of counts) sums.set(status, (sums.get(status) ?? 0) + count)
  const summed = [...sums].map(([status, count]) => `${count} ${visible(status)}`).join(', ')
  const rows = counts.map(({ type = '', status, count }) => [String(count), visible(status), short(type, LONGEST_NAME)])
  return `${summed}; ${runner}\n\n${table([['COUNT', 'STATUS', 'TYPE'], ...rows])}`
}

/** As JSON, in one line: its record, what there is of it. */
export function taskJson(task: StoredTask): string {
  const { id, name, status, createdAt, updatedAt } = task
  const record = recordOf(task)
  const payload = job(task)
  const json = attempt(() =>
    visibleJson({ ...(record as TaskRecord).toJSON(), ...(payload !== undefined && { payload }) }),
  )
  return `${json ?? visibleJson({ id, name, status, createdAt, updatedAt })}\n`
}

function recordOf(task: StoredTask): TaskRecord | undefined {
  return attempt(() => decodeRecord(task))
}

function job(task: StoredTask): unknown {
  const text = task.job
  return text === undefined ? undefined : attempt(() => (JSON.parse(text) as { readonly payload?: unknown }).payload)
}

function shown(value: unknown): string {
  return visibleLines(typeof value === 'string' ? value : inspect(value, { depth: 6, breakLength: 100 }))
}

function short(text: string, longest: string | number): string {
  const most = Number(longest)
  const line = visible(text.length > most ? `${text.slice(0, most)}…` : text)
  return line
}

/** By the clock of this machine. */
function time(milliseconds: number): string {
  const date = new Date(milliseconds)
  if (Number.isNaN(date.getTime())) return '?'
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.max(0, milliseconds)} ms`
  if (milliseconds < 100_000) return `${(milliseconds / 1_000).toFixed(1)} s`
  return `${Math.round(milliseconds / 60_000)} min`
}

function table(rows: readonly (readonly string[])[]): string {
  const used = (rows[0] ?? []).map((_, column) => rows.slice(1).some(row => row[column] !== ''))
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .flatMap((cell, column) => (used[column] ? [cell.padEnd(widths[column] ?? 0)] : []))
      .join('  ')
      .trimEnd()
  return `${rows.map(line).join('\n')}\n`
}
