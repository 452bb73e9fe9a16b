import { randomUUID } from 'node:crypto'
import { afterAll } from 'vitest'
import { withPostgres, withRedis } from '../../servers/data.ts'
import { postgresUrl, redisUrl } from '../../servers/describe-each-server.ts'

/** For `describe.each`: those that the run has found. */
export const SERVERS: readonly (readonly [name: string, url: string])[] = [
  ...(redisUrl === undefined ? [] : [['Redis', redisUrl] as const]),
  ...(postgresUrl === undefined ? [] : [['PostgreSQL', postgresUrl] as const]),
]

/** A prefix of this file's own, of which nothing is left when it is through. */
export function ownPrefix(): string {
  const prefix = `test-${randomUUID()}`
  afterAll(async () => {
    await Promise.all(SERVERS.map(([, url]) => forget(url, prefix)))
  })
  return prefix
}

/** Forgets what is counted there, as a server does that loses its data. */
export function forget(url: string, prefix: string): Promise<void> {
  return isRedis(url) ? forgetRedis(url, prefix) : forgetPostgres(url, prefix)
}

/** How many entries are counted there at this moment. */
export async function entriesUnder(url: string, prefix: string): Promise<number> {
  if (isRedis(url)) {
    return withRedis(url, async redis => {
      const counts = []
      for (const key of await redis.keys(`*${prefix}*`)) {
        if ((await redis.type(key)) === 'zset') counts.push(await redis.zcard(key))
      }
      return counts.reduce((sum, count) => sum + count, 0)
    })
  }
  return withPostgres(url, async client => {
    const { rowCount } = await client.query('SELECT FROM taskscope.limit_entries WHERE name LIKE $1', [`${prefix}:%`])
    return rowCount ?? 0
  })
}

async function forgetRedis(url: string, prefix: string): Promise<void> {
  await withRedis(url, async redis => {
    const keys = await redis.keys(`*${prefix}*`)
    if (keys.length > 0) await redis.del(keys)
  })
}

async function forgetPostgres(url: string, prefix: string): Promise<void> {
  await withPostgres(url, async client => {
    for (const table of ['limit_entries', 'limit_levels']) {
      const { rows } = await client.query(`SELECT to_regclass('taskscope.${table}') AS there`)
      if (rows[0].there !== null)
        await client.query(`DELETE FROM taskscope.${table} WHERE name LIKE $1`, [`${prefix}%`])
    }
  })
}

function isRedis(url: string): boolean {
  return url.startsWith('redis')
}
