import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { callInProcess } from './process.ts'
import { machine, save, table } from './report.ts'
import type { CaseResult } from './types.ts'

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
})
const { case: wanted, quick, profile } = values
if (profile) process.env.BENCH_PROFILE = 'yes'
if (quick) process.env.BENCH_QUICK = 'yes'
const rounds = quick ? 2 : 7
const directory = new URL('./cases/', import.meta.url)
const cases = readdirSync(directory)
  .filter(name => name.endsWith('.ts'))
  .map(name => name.replace('.ts', ''))
for (const name of wanted) if (!cases.includes(name)) throw new RangeError(`no case ${name}: ${cases.join(', ')}`)

const here = fileURLToPath(new URL('.', import.meta.url))
if (!installed()) npm('ci', '--prefix', here)
npm('run', 'build')

console.log(machine())
for (const name of cases) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const begin = performance.now()
  const result = await callInProcess<CaseResult>(new URL(`${name}.ts`, directory).href, 'default', rounds)
  // What it needs is not there, and it has said so.
  if (result.rows.length === 0) continue
  if (quick) {
    console.log(`${name}: runs`)
    continue
  }
  if (profile) {
    console.log(`\n${table(result)}`)
    continue
  }
  const [load = 0] = loadavg()
  const seconds = (performance.now() - begin) / 1_000
  const before = await save(name, { ...result, measuredAt: new Date().toISOString(), rounds, load, seconds })
  console.log(`\n${table(result, before)}\n  ${seconds.toFixed(0)} s`)
}

/** npm leaves its own copy of the lock file behind: an older one means that the peers have changed since. */
function installed(): boolean {
  const copy = statSync(`${here}node_modules/.package-lock.json`, { throwIfNoEntry: false })
  return copy !== undefined && copy.mtimeMs >= statSync(`${here}package-lock.json`).mtimeMs
}

function npm(...args: readonly string[]): void {
  execFileSync('npm', ['--loglevel=error', ...args], { stdio: ['ignore', 'ignore', 'inherit'], cwd: `${here}..` })
}
