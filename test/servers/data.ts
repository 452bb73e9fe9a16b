import { Redis } from 'ioredis'
import pg from 'pg'
import type { TestServer } from './test-server.ts'

/** Stores one value on a server. */
export async function put(server: TestServer, value: string): Promise<void> {
  if (server.kind === 'redis') {
    await withRedis(server.url, redis => redis.set('value', value))
    return
  }
  await withPostgres(server.url, async client => {
    await client.query('DROP TABLE IF EXISTS kept')
    await client.query('CREATE TABLE kept (value text)')
    await client.query('INSERT INTO kept VALUES ($1)', [value])
  })
}

/** What {@link put} stored. */
export function get(server: TestServer): Promise<string | undefined> {
  if (server.kind === 'redis') return withRedis(server.url, async redis => (await redis.get('value')) ?? undefined)
  return withPostgres(server.url, async client => (await client.query('SELECT value FROM kept')).rows[0]?.value)
}

export async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { retryStrategy: () => null })
  try {
    return await use(redis)
  } finally {
    redis.disconnect()
  }
}

export async function withPostgres<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
