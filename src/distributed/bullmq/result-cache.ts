import type { Redis } from 'ioredis'
import type { Pool } from 'pg'

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

const TABLE = 'bullmq.taskscope_result'

export class PostgresCache implements ResultCache {
  readonly #pool: Pool
  #ready: Promise<unknown> | undefined

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async get(queue: string, key: string): Promise<string | undefined> {
    await this.#table()
    const { rows } = await this.#pool.query<{ result: string }>(
      `SELECT result FROM ${TABLE} WHERE queue = $1 AND key = $2 AND expires_at > clock_timestamp()`,
      [queue, key],
    )
    return rows[0]?.result
  }

  async set(queue: string, key: string, result: string, ttl: number): Promise<void> {
    await this.#table()
    await this.#pool.query(
      `WITH gone AS (DELETE FROM ${TABLE} WHERE queue = $1 AND key <> $2 AND expires_at <= clock_timestamp())
       INSERT INTO ${TABLE} (queue, key, result, expires_at)
       VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4::double precision / 1000))
       ON CONFLICT (queue, key) DO UPDATE SET result = excluded.result, expires_at = excluded.expires_at`,
      [queue, key, result, Math.min(ttl, LONGEST)],
    )
  }

  /** Two that make it at the same time get in each other's way, whatever `IF NOT EXISTS` says: one at a time. */
  #table(): Promise<unknown> {
    this.#ready ??= this.#pool
      .query(
        `SELECT pg_advisory_xact_lock(hashtext('${TABLE}'));
         CREATE TABLE IF NOT EXISTS ${TABLE} (
           queue text NOT NULL, key text NOT NULL, result text NOT NULL, expires_at timestamptz NOT NULL,
           PRIMARY KEY (queue, key))`,
      )
      .catch(error => {
        this.#ready = undefined
        throw error
      })
    return this.#ready
  }
}
