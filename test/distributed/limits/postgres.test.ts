import { expect, it, onTestFinished } from 'vitest'
import { ConnectionError } from '../../../src/connection/errors.ts'
import type { SharedLimit, SharedLimitOptions } from '../../../src/distributed/limits/types.ts'
import { TaskTimeoutError } from '../../../src/index.ts'
import { until } from '../../harness.ts'
import { withPostgres } from '../../servers/data.ts'
import { describeOn, postgresUrl } from '../../servers/describe-each-server.ts'
import { failureOf } from '../../work.ts'
import { type Kind, RATES, sharedOf } from './kinds.ts'
import { ownPrefix } from './servers.ts'

const PER = 300
const url = postgresUrl ?? ''

function open(kind: Kind, capacity: number, options: Partial<SharedLimitOptions>): SharedLimit {
  const limit = sharedOf(kind, capacity, PER, { connection: url, name: 'postgres', ...options })
  onTestFinished(() => limit.close())
  return limit
}

describeOn('postgres', 'a limit shared', () => {
  const prefix = ownPrefix()

  it.each(RATES)('counts from when it was taken, not from before it had to wait for that: %s', async kind => {
    const limit = open(kind, 1, { prefix, name: kind })
    const lock = `${prefix}:limit:${kind}:${kind === 'calls' ? 'sliding-window' : kind}`
    await withPostgres(url, async client => {
      const now = async () =>
        Number((await client.query('SELECT extract(epoch FROM clock_timestamp()) AS now')).rows[0].now)
      await client.query('BEGIN')
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [lock])
      const first = limit.acquire()
      const waiting =
        "SELECT FROM pg_locks l, (SELECT hashtextextended($1, 0) AS key) k WHERE NOT granted AND locktype = 'advisory' AND (classid::bigint << 32 | objid::bigint) = key"
      await until(async () => (await client.query(waiting, [lock])).rowCount === 1)
      await client.query('SELECT pg_sleep($1)', [(2 * PER) / 1_000])
      const unlocked = await now()
      await client.query('COMMIT')
      await first
      await limit.acquire()
      expect((await now()) - unlocked).toBeGreaterThan(PER / 1_000)
    })
  })

  it('makes its tables in an empty database, also when many do so at once', async () => {
    const name = `limits_${crypto.randomUUID().replaceAll('-', '_')}`
    await withPostgres(url, client => client.query(`CREATE DATABASE ${name}`))
    onTestFinished(() =>
      withPostgres(url, async client => void (await client.query(`DROP DATABASE ${name} WITH (FORCE)`))),
    )
    const connection = new URL(url)
    connection.pathname = name
    const many = Array.from({ length: 8 }, () => open('resource', 8, { connection }))
    await Promise.all(many.map(limit => limit.acquire()))
    await expect(many[0]?.acquire({}, { timeout: 50 })).rejects.toThrow(TaskTimeoutError)
    await Promise.all(many.map(limit => limit.close()))
  })

  it('says what is missing when the server does not let it keep limits', async () => {
    const role = `nobody_${crypto.randomUUID().replaceAll('-', '_')}`
    await withPostgres(url, client => client.query(`CREATE ROLE ${role} LOGIN`))
    onTestFinished(() => withPostgres(url, async client => void (await client.query(`DROP ROLE ${role}`))))
    const connection = new URL(url)
    connection.username = role
    const failure = await failureOf(open('resource', 1, { connection }).acquire())
    expect(failure).toBeInstanceOf(ConnectionError)
    expect(String(failure)).toMatch(/permission denied/)
  })
})
