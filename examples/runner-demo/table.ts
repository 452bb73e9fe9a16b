import type { TaskRecord } from '../../src/index.ts'

const LONGEST = 60
const HEADER = ['id', 'type', 'status', 'attempts', 'ms', 'outcome']

/** Records as lines, the oldest first. */
export function table(records: readonly TaskRecord[]): string {
  const rows = [HEADER, ...records.toSorted((a, b) => a.id - b.id).map(row)]
  const widths = HEADER.map((_, column) => Math.max(...rows.map(cells => (cells[column] as string).length)))
  return rows.map(cells => `${line(cells, widths)}\n`).join('')
}

function line(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => cell.padEnd(widths[column] as number))
    .join('  ')
    .trimEnd()
}

function row(record: TaskRecord): string[] {
  const { id, type = '', status, attempt, startedAt, endedAt } = record
  const time = startedAt === undefined || endedAt === undefined ? '' : String(endedAt - startedAt)
  return [String(id), type, status, String(attempt), time, outcome(record)]
}

function outcome({ status, result, error, cancelReason }: TaskRecord): string {
  const text = status === 'done' ? result : status === 'failed' ? error : (cancelReason ?? '')
  const [first = ''] = String(text).split('\n')
  return first.length > LONGEST ? `${first.slice(0, LONGEST - 1)}…` : first
}
