import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { TestServer } from './test-server.ts'

/**
 * Removes everything of the queues whose names begin with `name`: what the engine keeps of them, and what this library
 * does. Nothing may use them any more.
 */
export async function cleanUp({ kind, url }: TestServer, name: string): Promise<void> {
  if (name === '') throw new RangeError('every queue begins with an empty name: give that of your own')
  await (kind === 'redis' ? cleanRedis(url, name) : cleanPostgres(url, name))
}

async function cleanRedis(url: string, name: string): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => null })
  const literal = name.replaceAll(/[\\*?[\]]/g, '\\$&')
  try {
    for (const match of [`bull:${literal}*`, `taskscope:*${literal}*`]) {
      for await (const keys of redis.scanStream({ match, count: 1_000 })) {
        if (keys.length > 0) await redis.unlink(...keys)
      }
    }
  } finally {
    redis.disconnect()
  }
}

/** Where rows say which queue they belong to: in the engine's tables that have such a column, and in our own. */
const COLUMNS = `
  SELECT format('%I.%I', table_schema, table_name) AS table, column_name AS column, table_schema = 'bullmq' AS engine
  FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
  WHERE table_type = 'BASE TABLE' AND (
    table_schema = 'bullmq' AND column_name = 'queue'
    OR (table_schema LIKE 'taskscope%' OR table_name LIKE 'taskscope%') AND column_name IN ('queue', 'key')
  )`

interface Column {
  readonly table: string
  readonly column: 'queue' | 'key'
  readonly engine: boolean
}

/** The engine numbers the jobs of each queue with a sequence of its own, whose name has the digest of the queue's. */
async function cleanPostgres(url: string, name: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    const queues = new Set([name])
    for (const { table, column, engine } of (await client.query<Column>(COLUMNS)).rows) {
      const belongs = engine ? `starts_with(${column}, $1)` : `strpos(${column}, $1) > 0`
      const { rows } = await client.query<{ queue: string }>(
        `WITH gone AS (DELETE FROM ${table} WHERE ${belongs} RETURNING ${column}) SELECT DISTINCT ${column} AS queue FROM gone`,
        [name],
      )
      if (engine) for (const { queue } of rows) queues.add(queue)
    }
    const sequences = [...queues].map(queue => `bullmq.bullmq_jid_${createHash('md5').update(queue).digest('hex')}`)
    await client.query(`DROP SEQUENCE IF EXISTS ${sequences.join(', ')}`)
  } finally {
    await client.end()
  }
}
