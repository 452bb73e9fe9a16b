import { Redis } from 'ioredis'
import pg from 'pg'
import type { Kind } from './test-server.ts'

/** Milliseconds for a server to answer. One on this machine takes a few, unless that is busy. */
const TIMEOUT = 20_000

/** Why this server can't be used, or `undefined`: it answered, and what tests need may be created there. */
export async function refusalOf(kind: Kind, url: string): Promise<string | undefined> {
  try {
    await { redis: askRedis, postgres: askPostgres }[kind](url)
    return undefined
  } catch (error) {
    return reasonOf(error)
  }
}

async function askRedis(url: string): Promise<void> {
  let heard: Error | undefined
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: TIMEOUT,
    commandTimeout: TIMEOUT,
  })
  redis.on('error', error => {
    heard = error
  })
  try {
    await redis.connect()
    await redis.ping()
  } catch (error) {
    throw heard ?? error
  } finally {
    redis.disconnect()
  }
}

async function askPostgres(url: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: TIMEOUT,
    query_timeout: TIMEOUT,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query("SELECT has_database_privilege(current_database(), 'CREATE') AS granted")
    if (!rows[0]?.granted) throw new Error('its user may not create a schema')
  } finally {
    await client.end().catch(() => {})
  }
}

/** Of several addresses that all failed, Node gives no message but only the errors. */
function reasonOf(error: unknown): string {
  const { message, errors } = Object(error) as { message?: string; errors?: readonly unknown[] }
  if (errors !== undefined && errors.length > 0) return errors.map(reasonOf).join(', ')
  return message || String(error)
}
