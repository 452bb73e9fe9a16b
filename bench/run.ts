import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { callInProcess } from './process.ts'
import { save, table } from './report.ts'
import type { CaseResult } from './types.ts'

const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true })
const rounds = values.quick ? 2 : 7
const directory = new URL('./cases/', import.meta.url)
const cases = readdirSync(directory)
  .filter(name => name.endsWith('.ts'))
  .filter(name => positionals.length === 0 || positionals.some(filter => name.includes(filter)))
if (cases.length === 0) throw new RangeError(`no case matches ${positionals.join(' ')}`)

const here = fileURLToPath(new URL('.', import.meta.url))
if (!installed()) npm('ci', '--prefix', here)
npm('run', 'build')

for (const name of cases) {
  const result = await callInProcess<CaseResult>(new URL(name, directory).href, 'default', rounds)
  // What it needs is not there, and it has said so.
  if (result.rows.length === 0) continue
  const [load = 0] = loadavg()
  await save(name.replace('.ts', ''), { ...result, measuredAt: new Date().toISOString(), rounds, load })
  console.log(`\n${table(result)}`)
}

/** npm leaves its own copy of the lock file behind: an older one means that the peers have changed since. */
function installed(): boolean {
  const copy = statSync(`${here}node_modules/.package-lock.json`, { throwIfNoEntry: false })
  return copy !== undefined && copy.mtimeMs >= statSync(`${here}package-lock.json`).mtimeMs
}

function npm(...args: readonly string[]): void {
  execFileSync('npm', ['--loglevel=error', ...args], { stdio: ['ignore', 'ignore', 'inherit'], cwd: `${here}..` })
}
