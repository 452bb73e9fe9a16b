import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { callInProcess } from './process.ts'
import { type CaseReport, save, table } from './report.ts'
import type { CaseResult } from './types.ts'

const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true })
const rounds = values.quick ? 2 : 7
const directory = new URL('./cases/', import.meta.url)
const cases = readdirSync(directory)
  .filter(name => name.endsWith('.ts'))
  .filter(name => positionals.length === 0 || positionals.some(filter => name.includes(filter)))
if (cases.length === 0) throw new RangeError(`no case matches ${positionals.join(' ')}`)

const here = fileURLToPath(new URL('.', import.meta.url))
if (!existsSync(`${here}node_modules`)) npm('ci', '--prefix', here)
npm('run', 'build')

const reports: Record<string, CaseReport> = {}
for (const name of cases) {
  const result = await callInProcess<CaseResult>(new URL(name, directory).href, 'default', rounds)
  reports[name.replace('.ts', '')] = { ...result, measuredAt: new Date().toISOString(), rounds }
  console.log(`\n${table(result)}`)
}
await save(reports)

function npm(...args: readonly string[]): void {
  execFileSync('npm', ['--loglevel=error', ...args], { stdio: ['ignore', 'ignore', 'inherit'], cwd: `${here}..` })
}
