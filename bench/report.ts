import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { type CaseResult, met, type Row } from './types.ts'

const file = new URL('./results.json', import.meta.url)

/** What `results.json` keeps of a case. */
export interface CaseReport extends CaseResult {
  readonly measuredAt: string
  readonly rounds: number
  /** The machine's load average over the last minute; above the number of cores the figures are poor. */
  readonly load: number
}

/** A case as a table of plain text. */
export function table({ title, rows }: CaseResult): string {
  const lines = [['', 'median', '', 'ratio', 'goal', ''], ...rows.map(cells)]
  const widths = [0, 1, 2, 3, 4, 5].map(column => Math.max(...lines.map(line => line[column]?.length ?? 0)))
  const text = lines.map(line =>
    line
      .map((cell, column) => pad(cell, widths[column] ?? 0, column))
      .join('  ')
      .trimEnd(),
  )
  return [group(title), ...text.map(line => `  ${line}`)].join('\n')
}

/** Writes a case into `results.json`, where the others keep their last figures. */
export async function save(name: string, report: CaseReport): Promise<void> {
  const kept: { cases?: Record<string, unknown> } = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'))
  const machine = `${process.platform} ${process.arch}, ${availableParallelism()} cores`
  const cases = Object.entries({ ...kept.cases, [name]: report }).sort(([a], [b]) => a.localeCompare(b))
  const results = { node: process.version, machine, cases: Object.fromEntries(cases) }
  await writeFile(file, `${JSON.stringify(results, rounded, 2)}\n`)
}

function cells(row: Row): string[] {
  const verdict = met(row)
  return [
    group(row.label),
    group(row.value >= 100 ? row.value.toFixed(0) : row.value.toPrecision(3)),
    row.unit,
    row.ratio === undefined ? '' : row.ratio.toFixed(2),
    row.goal === undefined ? '' : `≤ ${row.goal}`,
    verdict === undefined ? '' : verdict ? 'met' : 'missed',
  ]
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 || column === 2 || column === 5 ? cell.padEnd(width) : cell.padStart(width)
}

/** 100000 as 100,000. */
function group(text: string): string {
  return text.replace(/\d{4,}/g, digits => Number(digits).toLocaleString('en'))
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value
}
