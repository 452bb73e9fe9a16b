import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { binariesOf } from './binaries.ts'
import { temporaryFolder } from './temporary-folder.ts'

const SCRIPT = resolve(import.meta.dirname, '../../scripts/servers.sh')
/** Debian's PostgreSQL is found wherever the path leads. */
const POSTGRES_OFF_PATH = binariesOf('postgres', '') !== undefined
const MISSING = POSTGRES_OFF_PATH ? 'redis-server prometheus' : 'redis-server postgresql prometheus'

interface Ended {
  readonly code: number
  readonly stderr: string
  /** What `apt-get` was called with, a line for each time. */
  readonly calls: string
}

/** Runs the script where the path has these programs, each as a script that is run in their folder, and `rest`. */
function run(programs: Readonly<Record<string, string>>, ...rest: readonly string[]): Promise<Ended> {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\ncd ${folder}\n${text}\n`, { mode: 0o755 })
  }
  const calls = join(folder, 'calls')
  return new Promise(done => {
    execFile('/bin/bash', [SCRIPT], { env: { PATH: [folder, ...rest].join(delimiter) } }, (error, _, stderr) =>
      done({ code: Number(error?.code ?? 0), stderr, calls: existsSync(calls) ? readFileSync(calls, 'utf8') : '' }),
    )
  })
}

const ROOT = { id: 'echo 0', env: '[ "$1" = DEBIAN_FRONTEND=noninteractive ] && shift && exec "$@"' }
const APT = 'echo "$@" >>calls'
const PROVIDE = 'for p in redis-server initdb postgres promtool; do echo "#!/bin/sh" >$p; /bin/chmod +x $p; done'
const CALLS = `update\ninstall -y --no-install-recommends ${MISSING}\n`

describe('scripts/servers.sh', () => {
  const redis = binariesOf('redis')
  const postgres = binariesOf('postgres')
  const promtool = process.env.PATH?.split(delimiter).find(folder => existsSync(join(folder, 'promtool')))

  it.skipIf([redis, postgres, promtool].includes(undefined))('does nothing where all are there', async () => {
    const path = [redis, postgres, promtool, dirname(process.execPath)].filter(folder => folder !== undefined)
    expect(await run({ 'apt-get': APT }, ...path)).toEqual({ code: 0, stderr: '', calls: '' })
  })

  it('installs what is missing', async () => {
    expect(await run({ ...ROOT, 'apt-get': `${APT}\n${PROVIDE}` })).toEqual({ code: 0, stderr: '', calls: CALLS })
  })

  it('installs with the lists that are there when they can not be renewed', async () => {
    const apt = `${APT}\n[ "$1" = install ] || exit 100\n${PROVIDE}`
    expect(await run({ ...ROOT, 'apt-get': apt })).toEqual({ code: 0, stderr: '', calls: CALLS })
  })

  it('uses sudo where it is not root', async () => {
    const sudo = 'echo "sudo $@" >>calls; shift; exec "$@"'
    const { code, calls } = await run({ ...ROOT, id: 'echo 1000', sudo, true: '', 'apt-get': `${APT}\n${PROVIDE}` })
    expect(code).toBe(0)
    expect(calls.split('\n').filter(call => /^sudo -n (apt-get update|env .*apt-get install)/.test(call))).toHaveLength(
      2,
    )
  })

  it.each([
    ['there is no apt-get', {}, 'there is no apt-get here: install them by hand'],
    ['it may not', { id: 'echo 1000', 'apt-get': APT }, 'install them as root, there is no sudo without a password'],
    ['apt-get fails', { ...ROOT, 'apt-get': 'exit 100' }, 'apt-get could not install them'],
    ['that was in vain', { ...ROOT, 'apt-get': APT }, 'they are still not found after their installation'],
  ])('says in one line what is missing when %s', async (_, programs, what) => {
    const { code, stderr } = await run(programs)
    expect({ code, stderr }).toEqual({ code: 1, stderr: `missing for the tests: ${MISSING}; ${what}\n` })
  })
})
