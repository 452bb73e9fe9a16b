import { createPostgresBackend, Queue } from 'bullmq'
import { withPostgres, withRedis } from '../../servers/data.ts'
import type { TestServer } from '../../servers/test-server.ts'

/** An event as the engine has published it. */
interface EngineEvent {
  readonly event: string
  readonly jobId?: string
}

/** All that was published about the jobs of a queue and is kept yet, in order. */
async function eventsOf({ kind, url }: TestServer, queue: string): Promise<EngineEvent[]> {
  if (kind === 'redis') {
    const entries = await withRedis(url, redis => redis.xrange(`bull:${queue}:events`, '-', '+'))
    return entries.map(([, fields]) => {
      const pairs = fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1]]] : []))
      return Object.fromEntries(pairs) as EngineEvent
    })
  }
  return withPostgres(url, async client => {
    const { rows } = await client.query('SELECT event, data FROM bullmq.event WHERE queue = $1 ORDER BY id', [queue])
    return rows.map(({ event, data }) => ({ event, ...data }))
  })
}

/** How the jobs of a queue have ended, as it was published: one line for each end. */
export async function endsOf(server: TestServer, queue: string): Promise<string[]> {
  const ends = (await eventsOf(server, queue)).filter(({ event }) => /^(completed|failed|removed)$/.test(event))
  return ends.map(({ event, jobId }) => `${jobId} ${event}`)
}

/** How many events of that name were published about a queue. */
export async function eventCount(server: TestServer, queue: string, name: string): Promise<number> {
  return (await eventsOf(server, queue)).filter(({ event }) => event === name).length
}

/** The milliseconds that the locks of a queue on a Redis still hold, by their jobs. */
export async function redisLocks({ url }: TestServer, queue: string): Promise<Record<string, number>> {
  return withRedis(url, async redis => {
    const keys = await redis.keys(`bull:${queue}:*:lock`)
    return Object.fromEntries(await Promise.all(keys.map(async key => [key, await redis.pttl(key)])))
  })
}

/** Uses a queue as a stranger would that can reach the server. */
export async function withQueue<T>(
  { kind, url }: TestServer,
  name: string,
  use: (
    queue: Pick<Queue, 'add' | 'getBackend' | 'getDelayed' | 'getJob' | 'getJobCounts' | 'getWaiting'>,
  ) => Promise<T>,
): Promise<T> {
  const queue =
    kind === 'redis'
      ? new Queue(name, { connection: { url } })
      : new Queue(name, { connection: { connectionString: url } }, createPostgresBackend)
  try {
    return await use(queue as Queue)
  } finally {
    await queue.close()
  }
}

/** How many jobs the engine has in a queue, by their states. */
export function jobCounts(server: TestServer, name: string): Promise<Record<string, number>> {
  return withQueue(server, name, queue => queue.getJobCounts())
}

/** Forgets all that was published about a queue. */
export async function loseEvents({ kind, url }: TestServer, queue: string): Promise<void> {
  if (kind === 'redis') await withRedis(url, redis => redis.del(`bull:${queue}:events`))
  else await withPostgres(url, client => client.query('DELETE FROM bullmq.event WHERE queue = $1', [queue]))
}

/** How many jobs wait for a worker. */
export async function waitingJobs(server: TestServer, name: string): Promise<number> {
  const { waiting = 0, prioritized = 0 } = await jobCounts(server, name)
  return waiting + prioritized
}
