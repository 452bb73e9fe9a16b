import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { type CaseResult, met, type Row } from './types.ts'

const file = new URL('./results.json', import.meta.url)

/** What `results.json` keeps of a case. */
export interface CaseReport extends CaseResult {
  readonly measuredAt: string
  readonly rounds: number
  /** The machine's load average over the last minute; above the number of cores the figures are poor. */
  readonly load: number
  /** What the case took. */
  readonly seconds: number
}

/** Where the figures come from, and how busy it is: above one load per core they are poor. */
export function machine(): string {
  const [load = 0] = loadavg()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`
  return [hardware(), cpus()[0]?.model, memory, `Node ${process.version}`, `load ${load.toFixed(1)}`].join(', ')
}

function hardware(): string {
  return `${process.platform} ${process.arch}, ${availableParallelism()} cores`
}

/** A case as a table of plain text; in the column `before` what was measured last, a ratio where there is one. */
export function table({ title, rows }: CaseResult, before: readonly Row[] = []): string {
  const heading = ['', 'median', '', 'ratio', 'goal', '', 'before']
  const lines = [heading, ...rows.map(row => [...cells(row), earlier(before.find(({ label }) => label === row.label))])]
  const widths = [0, 1, 2, 3, 4, 5, 6].map(column => Math.max(...lines.map(line => line[column]?.length ?? 0)))
  const text = lines.map(line =>
    line
      .map((cell, column) => pad(cell, widths[column] ?? 0, column))
      .join('  ')
      .trimEnd(),
  )
  return [group(title), ...text.map(line => `  ${line}`)].join('\n')
}

/** Writes a case into `results.json`, where the others keep their last figures. Returns the rows it had there. */
export async function save(name: string, report: CaseReport): Promise<readonly Row[]> {
  const kept: { cases?: Record<string, CaseReport> } = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'))
  const cases = Object.entries({ ...kept.cases, [name]: report }).sort(([a], [b]) => a.localeCompare(b))
  const results = { node: process.version, machine: hardware(), cases: Object.fromEntries(cases) }
  await writeFile(file, `${JSON.stringify(results, rounded, 2)}\n`)
  return kept.cases?.[name]?.rows ?? []
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

function earlier(row: Row | undefined): string {
  if (row === undefined) return ''
  return row.ratio === undefined ? `${row.value.toPrecision(3)} ${row.unit}` : row.ratio.toFixed(2)
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 || column === 2 || column > 4 ? cell.padEnd(width) : cell.padStart(width)
}

/** 100000 as 100,000. */
function group(text: string): string {
  return text.replace(/\d{4,}/g, digits => Number(digits).toLocaleString('en'))
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value
}
