import { createPostgresBackend, Queue } from 'bullmq'
import { afterAll, describe, expect, it } from 'vitest'
import { cleanUp } from './clean-up.ts'
import { withPostgres, withRedis } from './data.ts'
import { describeEachServer, describeOn } from './describe-each-server.ts'
import { ownQueue, queueName } from './queues.ts'
import type { TestServer } from './test-server.ts'

/** A queue of the engine with one job in it; gives how many it has. */
async function fill({ kind, url }: TestServer, name: string): Promise<number> {
  const queue =
    kind === 'redis'
      ? new Queue(name, { connection: { url } })
      : new Queue(name, { connection: { connectionString: url, migrate: true } }, createPostgresBackend)
  try {
    await queue.add('job', { some: 'data' })
    return await queue.count()
  } finally {
    await queue.close()
  }
}

/** What a server has that mentions a queue: keys, or rows and sequences. */
async function tracesOf({ kind, url }: TestServer, name: string): Promise<string[]> {
  if (kind === 'redis') return withRedis(url, async redis => (await redis.keys(`*${name}*`)).sort())
  return withPostgres(url, async client => {
    const { rows } = await client.query(
      `SELECT id AS trace FROM bullmq.job WHERE queue LIKE $1 UNION ALL
       SELECT field FROM bullmq.meta WHERE queue LIKE $1 UNION ALL
       SELECT event FROM bullmq.event WHERE queue LIKE $1 UNION ALL
       SELECT relname FROM pg_class WHERE relkind = 'S' AND relname = 'bullmq_jid_' || md5($2)`,
      [`${name}%`, name],
    )
    return rows.map(({ trace }) => trace).sort()
  })
}

describe('queueName', () => {
  it('is another one each time, which the engine takes', () => {
    const names = new Set(Array.from({ length: 100 }, () => queueName('calls')))
    expect(names.size).toBe(100)
    for (const name of names) expect(name).toMatch(/^calls-[\w-]{36}$/)
  })

  it('refuses what the engine would', () => {
    expect(() => queueName('a:b')).toThrow(RangeError)
  })
})

describeEachServer('cleanUp', server => {
  it('removes all of the queues whose names begin so, and nothing of others', async () => {
    const name = queueName()
    const follower = `${name}-events`
    const other = ownQueue(server)
    for (const queue of [name, follower, other]) expect(await fill(server, queue)).toBe(1)
    const kept = await tracesOf(server, other)

    await cleanUp(server, name)
    expect(await tracesOf(server, name)).toEqual([])
    expect(await tracesOf(server, follower)).toEqual([])
    expect(await tracesOf(server, other)).toEqual(kept)
    expect(kept.length).toBeGreaterThan(2)
  })

  it('takes a name literally', async () => {
    const name = ownQueue(server, 'a')
    expect(await fill(server, name)).toBe(1)
    for (const pattern of ['?', '*', '%', '_', '[a]']) await cleanUp(server, pattern + name.slice(1))
    expect(await fill(server, name)).toBe(2)
  })

  it('has nothing to do for a queue that was never used', async () => {
    await cleanUp(server, queueName())
  })

  it('refuses a name that would be that of all', async () => {
    await expect(cleanUp(server, '')).rejects.toThrow(RangeError)
  })
})

describeEachServer('ownQueue', server => {
  let name = ''
  afterAll(async () => {
    expect(await tracesOf(server, name)).toEqual([])
  })

  it('is cleaned up when its test has finished', async () => {
    name = ownQueue(server)
    await fill(server, name)
    expect(await tracesOf(server, name)).not.toEqual([])
  })
})

describeOn('redis', 'cleanUp of what this library keeps', server => {
  it('removes the keys that have the name in them', async () => {
    const [name, other] = [ownQueue(server), ownQueue(server)]
    await withRedis(server.url, redis => redis.mset(`taskscope:limit:${name}:a`, 1, `taskscope:limit:${other}:a`, 1))
    await cleanUp(server, name)
    expect(await tracesOf(server, name)).toEqual([])
    expect(await tracesOf(server, other)).toEqual([`taskscope:limit:${other}:a`])
  })
})

describeOn('postgres', 'cleanUp of what this library keeps', server => {
  it('removes the rows that have the name in their key or queue', async () => {
    const [name, other] = [queueName(), queueName()]
    const schema = `taskscope_${other.replaceAll('-', '_')}`
    await withPostgres(server.url, async client => {
      try {
        await client.query(`CREATE SCHEMA ${schema}`)
        for (const column of ['key', 'queue']) {
          await client.query(`CREATE TABLE ${schema}.by_${column} (${column} varchar(255))`)
          await client.query(`INSERT INTO ${schema}.by_${column} VALUES ($1), ($2)`, [`a:${name}:b`, `a:${other}:b`])
        }
        await cleanUp(server, name)
        const { rows } = await client.query(
          `SELECT key FROM ${schema}.by_key UNION ALL SELECT queue FROM ${schema}.by_queue`,
        )
        expect(rows.map(({ key }) => key)).toEqual([`a:${other}:b`, `a:${other}:b`])
      } finally {
        await client.query(`DROP SCHEMA ${schema} CASCADE`)
      }
    })
  })
})
