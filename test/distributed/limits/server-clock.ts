import { Redis } from 'ioredis'
import pg from 'pg'

/** The clock of a server, over a connection of its own: what a witness goes by. */
export interface ServerClock extends AsyncDisposable {
  /** Milliseconds, with their fraction. */
  now(): Promise<number>
}

export async function serverClock(url: string): Promise<ServerClock> {
  if (url.startsWith('redis')) {
    const redis = new Redis(url)
    return {
      async now() {
        const [seconds, microseconds] = (await redis.time()) as unknown as [string, string]
        return Number(seconds) * 1_000 + Number(microseconds) / 1_000
      },
      async [Symbol.asyncDispose]() {
        redis.disconnect()
      },
    }
  }
  const client = new pg.Client(url)
  await client.connect()
  return {
    async now() {
      const { rows } = await client.query('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now')
      return Number(rows[0].now)
    },
    async [Symbol.asyncDispose]() {
      await client.end()
    },
  }
}
