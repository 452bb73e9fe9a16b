import type { Redis } from 'ioredis'
import type { Pool } from 'pg'
import { OwnTable } from './own-table.ts'

/** Milliseconds: some 30 years. No server takes just any number. */
const LONGEST = 1e12

/** Results of calls by their keys, on the server. */
export interface ResultCache {
  /** The encoded result, while it is fresh. */
  get(queue: string, key: string): Promise<string | undefined>
  /** Keeps a result for `ttl` milliseconds. */
  set(queue: string, key: string, result: string, ttl: number): Promise<void>
}

export class RedisCache implements ResultCache {
  readonly #redis: Redis
  readonly #prefix: string

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis
    this.#prefix = prefix
  }

  async get(queue: string, key: string): Promise<string | undefined> {
    return (await this.#redis.get(this.#key(queue, key))) ?? undefined
  }

  async set(queue: string, key: string, result: string, ttl: number): Promise<void> {
    await this.#redis.set(this.#key(queue, key), result, 'PX', Math.ceil(Math.min(ttl, LONGEST)))
  }

  #key(queue: string, key: string): string {
    return `${this.#prefix}:${queue}:result:${key}`
  }
}

export class PostgresCache implements ResultCache {
  readonly #pool: Pool
  readonly #table: OwnTable

  constructor(pool: Pool) {
    this.#pool = pool
    this.#table = new OwnTable(
      pool,
      'taskscope_result',
      'queue text NOT NULL, key text NOT NULL, result text NOT NULL, PRIMARY KEY (queue, key)',
    )
  }

  async get(queue: string, key: string): Promise<string | undefined> {
    await this.#table.made()
    const { rows } = await this.#pool.query<{ result: string }>(
      `SELECT result FROM ${this.#table.name} WHERE queue = $1 AND key = $2 AND expires_at > clock_timestamp()`,
      [queue, key],
    )
    return rows[0]?.result
  }

  async set(queue: string, key: string, result: string, ttl: number): Promise<void> {
    await this.#table.made()
    await this.#pool.query(
      `WITH gone AS (DELETE FROM ${this.#table.name} WHERE queue = $1 AND key <> $2 AND expires_at <= clock_timestamp())
       INSERT INTO ${this.#table.name} (queue, key, result, expires_at)
       VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4::double precision / 1000))
       ON CONFLICT (queue, key) DO UPDATE SET result = excluded.result, expires_at = excluded.expires_at`,
      [queue, key, result, Math.min(ttl, LONGEST)],
    )
  }
}
