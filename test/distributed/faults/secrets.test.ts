import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { serve, shared } from '../../../src/bullmq.ts'
import { resourceLimit, TaskRunner } from '../../../src/index.ts'
import { sqliteStore } from '../../../src/sqlite.ts'
import { task } from '../../../src/worker.ts'
import { echo } from '../../fixtures/bullmq/functions.ts'
import { until } from '../../harness.ts'
import { withPostgres, withRedis } from '../../servers/data.ts'
import { describeEachOwnServer, describeOwn } from '../../servers/describe-each-server.ts'
import { temporaryFolder } from '../../servers/temporary-folder.ts'
import { failureOf } from '../../work.ts'
import { FUNCTIONS, serving } from '../command-line.ts'

const SECRET = 'c4n:ary/of@th#e?test'
const FORMS = [SECRET, encodeURIComponent(SECRET), JSON.stringify(SECRET).slice(1, -1)]

function expectNoSecret(text: string): void {
  for (const form of FORMS) expect(text).not.toContain(form)
}

/** As lists of processes show it. */
function commandLine(pid: number | undefined): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
}

const REFUSED = /WRONGPASS|NOAUTH|28P01|password authentication/

describeEachOwnServer('a server whose password is changed', ({ kind, start }) => {
  it('has the old one told by nothing', async () => {
    const server = await start({ password: SECRET })
    onTestFinished(() => server[Symbol.asyncDispose]())
    const queue = 'secrets'
    const seen: unknown[] = []
    for (const method of ['error', 'warn'] as const) {
      const spy = vi.spyOn(console, method).mockImplementation((...said) => void seen.push(...said))
      onTestFinished(() => spy.mockRestore())
    }
    const logger = { error: (...said: unknown[]) => void seen.push(...said) }
    const connection = server.url
    const where = { connection, queue, logger }

    const service = await serve([echo], where)
    const call = task(echo, { ...where, mode: 'distributed', name: 'echo' })
    const limit = shared(resourceLimit({ key: 'units', capacity: 1 }), { connection, name: queue })
    const file = join(temporaryFolder(), 'records.sqlite')
    const runner = await TaskRunner.start({ store: sqliteStore(file), logger })
    runner.on('failed', event => void seen.push(event))
    expect(await call(1)).toBe(1)
    const permit = await limit.acquire()

    if (kind === 'redis') {
      await withRedis(server.url, async redis => {
        await redis.config('SET', 'requirepass', 'another')
        await redis.client('KILL', 'TYPE', 'normal')
      })
    } else {
      await withPostgres(server.url, async client => {
        await client.query("ALTER ROLE postgres PASSWORD 'another'")
        await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()')
      })
    }
    permit.release()
    const fresh = { ...where, queue: `${queue}-fresh` }
    const other = task(echo, { ...fresh, mode: 'distributed', name: 'echo' })
    const handle = runner.submit(() => other(1))
    const failures = await Promise.all([
      failureOf(handle),
      failureOf(other(2)),
      failureOf(serve([echo], fresh)),
      failureOf(shared(resourceLimit({ key: 'units', capacity: 1 }), { connection, name: 'other' }).acquire()),
      failureOf(limit.acquire()),
    ])
    for (const failure of failures) {
      expect(failure).toMatchObject({ name: 'ConnectionError', serverCode: expect.stringMatching(REFUSED) })
    }
    await until(() => REFUSED.test(inspect(seen, { depth: 10 })))
    seen.push(...failures, service, call, limit, other, service.stats(), runner.records(), runner)
    await runner.close()
    expectNoSecret(inspect(seen, { depth: 10, showHidden: true, maxArrayLength: null, maxStringLength: null }))
    for (const failure of failures) expectNoSecret(JSON.stringify(failure))
    for (const name of readdirSync(join(file, '..'))) {
      const kept = readFileSync(join(file, '..', name), 'latin1')
      expectNoSecret(kept)
    }
    expect(seen.length).toBeLessThan(60)

    await limit.close()
    await call.close({ timeout: 0 })
    await other.close({ timeout: 0 })
    await service.close({ timeout: 0 })
  })
})

describe.skipIf(process.platform !== 'linux')('a password on the command line', () => {
  describeOwn('redis', 'of taskscope serve', ({ start }) => {
    it('is gone from the list of processes once it serves', async () => {
      const server = await start({ password: SECRET })
      onTestFinished(() => server[Symbol.asyncDispose]())
      const program = await serving(server, 'secrets', [FUNCTIONS])
      const shown = commandLine(program.child.pid)
      expect(shown).toContain('taskscope serve')
      expectNoSecret(shown)
      expectNoSecret(program.stderr)
    })
  })
})
