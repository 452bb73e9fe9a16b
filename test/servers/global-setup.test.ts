import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from './temporary-folder.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const VITEST = resolve(ROOT, 'node_modules/vitest/vitest.mjs')
const TESTS = 'test/servers/queues.test.ts'
const LINE =
  /^distributed tests are skipped: those on Redis \(REDIS_URL does not work: .*\); those on PostgreSQL \(.*\)$/

interface Run {
  readonly code: number
  readonly stderr: string
  readonly passed: number
  readonly skipped: number
}

/** A run of its own of tests that need servers. */
function runTests(environment: Record<string, string>): Promise<Run> {
  const own = Object.entries(process.env).filter(([name]) => !/^(VITEST|TASKSCOPE|NODE_ENV|TEST$)/.test(name))
  const env = { ...Object.fromEntries(own), ...environment, NO_COLOR: '1' }
  const file = join(temporaryFolder(), 'report.json')
  const args = [VITEST, 'run', '--config', 'vitest.faults.config.ts', '--reporter=json', `--outputFile=${file}`, TESTS]
  return new Promise(done => {
    execFile(process.execPath, args, { cwd: ROOT, env, timeout: 100_000 }, (error, _, stderr) => {
      const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
      const code = error === null ? 0 : Number(error.code)
      done({ code, stderr, passed: report.numPassedTests ?? 0, skipped: report.numPendingTests ?? 0 })
    })
  })
}

const NONE = { REDIS_URL: 'redis://127.0.0.1:1', DATABASE_URL: 'postgres://postgres@127.0.0.1:1/test' }

it('skips what needs a server that is missing, and says so in one line', async () => {
  const { code, stderr, passed, skipped } = await runTests(NONE)
  expect({ code, passed: passed > 0, skipped: skipped > 0 }).toEqual({ code: 0, passed: true, skipped: true })
  expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(LINE)])
})

it('fails for it when servers are required', async () => {
  const { code, stderr, passed } = await runTests({ ...NONE, TASKSCOPE_REQUIRE_SERVERS: '1' })
  expect({ code, passed }).toEqual({ code: 1, passed: 0 })
  expect(stderr).toContain(
    'distributed tests would be skipped, which TASKSCOPE_REQUIRE_SERVERS=1 forbids: those on Redis',
  )
})
