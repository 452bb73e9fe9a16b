import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { connectPostgres } from '../../src/connection/connect.ts'
import { withSearchPath } from '../../src/connection/postgres-pool.ts'
import { type Connection, serverOf } from '../../src/connection/target.ts'
import { describeOn } from '../servers/describe-each-server.ts'

/** Own settings of a client, one of them the very one that the queue needs. */
const OWN = '-c search_path=elsewhere -c lock_timeout=12345'

describeOn('postgres', 'a client with settings of its own', ({ url }) => {
  const withQuery = (name: string, text: string) => {
    const changed = new URL(url)
    changed.searchParams.set(name, text)
    return changed.href
  }
  const cases: Readonly<Record<string, Connection>> = {
    'a URL': withQuery('options', OWN),
    'a URL beside options': { postgres: { connectionString: withQuery('options', OWN), options: '-c lock_timeout=1' } },
    'a URL beside other parameters': withQuery('options', OWN).replace('?', '?application_name=a%20b%3F&options=-c&'),
    options: { postgres: { connectionString: withQuery('application_name', 'x'), options: OWN } },
  }

  it.each(Object.entries(cases))('keeps them, and finds the tables of the queue: by %s', async (_, connection) => {
    expect(await settingsOf(connection)).toEqual({ search_path: 'bullmq', lock_timeout: '12345ms' })
  })

  it('keeps them, and finds the tables of the queue: by the environment', async () => {
    vi.stubEnv('PGOPTIONS', OWN)
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(await settingsOf(url)).toEqual({ search_path: 'bullmq', lock_timeout: '12345ms' })
    expect(await settingsOf(withQuery('options', ''))).toEqual({ search_path: 'bullmq', lock_timeout: '12345ms' })
  })
})

async function settingsOf(connection: Connection): Promise<Record<string, unknown>> {
  const pool = await connectPostgres(serverOf(connection), 10_000, { name: 'bullmq', prepare: async () => {} })
  onTestFinished(() => pool.end())
  const settings = ['search_path', 'lock_timeout']
  const found = await Promise.all(settings.map(name => pool.query(`SHOW ${name}`)))
  return Object.assign({}, ...found.map(({ rows }) => rows[0]))
}

describe('withSearchPath', () => {
  it('leaves all else of a URL as it is', () => {
    const rest = 'postgres://me:p%3Fw@[::1]:5433/a%20b?host=%2Frun%2Fpg&sslmode=no-verify&'
    const { connectionString } = withSearchPath({ connectionString: `${rest}options=-c+x%3Dy+%26` }, 'bullmq')
    const [given, made] = [`${rest}options=-c+x%3Dy+%26`, String(connectionString)].map(each => new URL(each))
    expect(made?.searchParams.get('options')).toBe('-c x=y & -c search_path=bullmq')
    for (const each of [given, made]) each?.searchParams.delete('options')
    expect(made?.href).toBe(given?.href)
  })
})
