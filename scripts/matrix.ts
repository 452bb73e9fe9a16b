/**
 * Shows that the package works where its users run it: packs it and, for each set-up of `scripts/matrix/set-ups.ts`,
 * installs it into a folder of its own, builds a small program and runs that. At the end there is a table.
 *
 *     npm run matrix                       all of them
 *     npm run matrix -- NAME…              these, whose folders are kept
 *     npm run matrix -- --tarball FILE     of a package that is packed already
 */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { SET_UPS, type SetUp } from './matrix/set-ups.ts'

const run = promisify(execFile)
const project = fileURLToPath(new URL('..', import.meta.url))
/** At a time: more would only wait for each other. */
const AT_ONCE = 2
/** Milliseconds for one command. */
const LONGEST = 900_000
const EFFECTION = 'effection@4.1.1'

interface Result {
  readonly name: string
  readonly failure?: string
  readonly seconds: number
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { tarball: { type: 'string' } } })
const unknown = positionals.filter(name => !SET_UPS.some(setUp => setUp.name === name))
if (unknown.length > 0) {
  console.error(`there is no set-up ${unknown.join(', ')}: ${SET_UPS.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
const chosen = positionals.length === 0 ? SET_UPS : SET_UPS.filter(({ name }) => positionals.includes(name))

const work = await mkdtemp(join(tmpdir(), 'taskscope-matrix-'))
const tarball = values.tarball === undefined ? await pack() : resolve(values.tarball)
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  ...browserFor(chosen),
  NO_COLOR: '1',
  CI: 'true',
  NEXT_TELEMETRY_DISABLED: '1',
}
const nodes = new Map<string, Promise<string>>()
const results: Result[] = []
const waiting = [...chosen]
await Promise.all(Array.from({ length: AT_ONCE }, worker))
tell()
if (positionals.length === 0) await rm(work, { recursive: true, force: true })
else console.log(`in ${work}`)

async function pack(): Promise<string> {
  await run('npm', ['run', 'build'], { cwd: project })
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', work], {
    cwd: project,
  })
  return join(work, stdout.trim())
}

async function worker(): Promise<void> {
  for (let setUp = waiting.shift(); setUp !== undefined; setUp = waiting.shift()) {
    const started = performance.now()
    const failure = await attempt(setUp)
    const seconds = Math.round((performance.now() - started) / 1_000)
    results.push({ name: setUp.name, seconds, ...(failure !== undefined && { failure }) })
    console.log(`${failure === undefined ? 'works' : 'FAILS'}  ${setUp.name} (${seconds} s)`)
    if (failure !== undefined) console.log(failure)
    if (positionals.length === 0) await rm(join(work, setUp.name), { recursive: true, force: true })
  }
}

/** What went wrong, if anything. */
async function attempt(setUp: SetUp): Promise<string | undefined> {
  const { name, files = [], packages = [], node, run: commands } = setUp
  const folder = join(work, name)
  try {
    await mkdir(folder)
    await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
    for (const source of ['programs', ...files.map(each => join('files', each))])
      await cp(join(project, 'scripts', 'matrix', source), folder, { recursive: true })
    const path = [join(folder, 'node_modules', '.bin'), await nodeFolder(node), process.env.PATH].join(delimiter)
    const options = { cwd: folder, env: { ...environment, PATH: path }, timeout: LONGEST, maxBuffer: 2 ** 26 }
    await run('npm', ['install', '--no-fund', '--no-audit', '--save-exact', tarball, EFFECTION, ...packages], options)
    for (const command of commands) await run('bash', ['-c', command], options)
    return undefined
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string }
    return [message, stdout, stderr].join('\n')
  }
}

/** The folder with a `node` of that version. */
async function nodeFolder(version: string | undefined): Promise<string> {
  if (version === undefined) return join(project, 'node_modules', '.bin')
  const prefix = join(work, `node-${version}`)
  const install = async () => {
    await run('npm', ['install', '--no-save', '--no-fund', '--no-audit', '--prefix', prefix, `node@${version}`])
    return join(prefix, 'node_modules', '.bin')
  }
  const folder = nodes.get(version) ?? install()
  nodes.set(version, folder)
  return folder
}

/** Where Chromium is. What is missing is installed from Debian's packages. */
function browserFor(setUps: readonly SetUp[]): NodeJS.ProcessEnv {
  if (!setUps.some(({ packages = [] }) => packages.some(name => name.startsWith('playwright-core@')))) return {}
  const places = [
    process.env.CHROMIUM ?? '',
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ]
  const found = () => places.find(place => place !== '' && existsSync(place))
  if (found() === undefined) {
    const apt = (...args: string[]) => spawnSync('apt-get', args, { stdio: 'inherit' })
    apt('update')
    apt('install', '-y', '--no-install-recommends', 'chromium')
  }
  const place = found()
  if (place !== undefined) return { CHROMIUM: place }
  console.error('there is no Chromium, and apt-get could not install it: set CHROMIUM to the path of one')
  process.exit(1)
}

function tell(): void {
  const width = Math.max(...chosen.map(({ name }) => name.length))
  const sorted = chosen.map(({ name }) => results.find(result => result.name === name) as Result)
  console.log(`\n${'set-up'.padEnd(width)}  result  seconds`)
  for (const { name, failure, seconds } of sorted)
    console.log(`${name.padEnd(width)}  ${failure === undefined ? 'works ' : 'FAILS '}  ${String(seconds).padStart(7)}`)
  const failed = sorted.filter(({ failure }) => failure !== undefined)
  console.log(failed.length === 0 ? 'all of them work' : `fail: ${failed.map(({ name }) => name).join(', ')}`)
  if (failed.length > 0) process.exitCode = 1
}
