import type { Redis } from 'ioredis'
import type { Pool } from 'pg'
import { OwnTable } from './own-table.ts'

/** Milliseconds after which what nobody has fetched is gone: both sides have died, or the reader has. */
const LASTS = 120_000

/** Some items of a stream, as text, with their number: 1, 2, 3 … */
export type NumberedItems = readonly [number: number, items: string]

/** The items of streams on their way, on the server. A stream is one run of one job. */
export interface StreamItems {
  /** Keeps them until they are removed. Twice is once. */
  add(stream: string, number: number, items: string): Promise<void>
  /** Those with higher numbers, in order. */
  after(stream: string, number: number): Promise<readonly NumberedItems[]>
  /** Removes these, which have been fetched. */
  remove(stream: string, numbers: readonly number[]): Promise<void>
  /** Removes all there is of a stream. */
  drop(stream: string): Promise<void>
  /** Removes what nobody has fetched in time, where the server does not by itself. */
  sweep(): Promise<void>
}

/** One stream of Redis for each: its entries have our numbers, so that it refuses what it has had. */
export class RedisItems implements StreamItems {
  readonly #redis: Redis
  readonly #prefix: string

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis
    this.#prefix = prefix
  }

  async add(stream: string, number: number, items: string): Promise<void> {
    const key = this.#key(stream)
    const answers = await this.#redis.multi().xadd(key, `${number}-0`, 'items', items).pexpire(key, LASTS).exec()
    for (const [error] of answers ?? []) if (error !== null && !/equal or smaller/.test(error.message)) throw error
  }

  async after(stream: string, number: number): Promise<readonly NumberedItems[]> {
    const entries = await this.#redis.xrange(this.#key(stream), `${number + 1}-0`, '+')
    return entries.map(([id, [, items = '']]) => [Number.parseInt(id, 10), items])
  }

  async remove(stream: string, numbers: readonly number[]): Promise<void> {
    await this.#redis.xdel(this.#key(stream), ...numbers.map(number => `${number}-0`))
  }

  async drop(stream: string): Promise<void> {
    await this.#redis.del(this.#key(stream))
  }

  async sweep(): Promise<void> {}

  #key(stream: string): string {
    return `${this.#prefix}:${stream}`
  }
}

export class PostgresItems implements StreamItems {
  readonly #pool: Pool
  readonly #table: OwnTable

  constructor(pool: Pool) {
    this.#pool = pool
    this.#table = new OwnTable(
      pool,
      'taskscope_items',
      'stream text NOT NULL, number bigint NOT NULL, items text NOT NULL, PRIMARY KEY (stream, number)',
    )
  }

  async add(stream: string, number: number, items: string): Promise<void> {
    await this.#table.made()
    await this.#pool.query(
      `INSERT INTO ${this.#table.name} (stream, number, items, expires_at)
       VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4::double precision / 1000))
       ON CONFLICT (stream, number) DO NOTHING`,
      [stream, number, items, LASTS],
    )
  }

  async after(stream: string, number: number): Promise<readonly NumberedItems[]> {
    await this.#table.made()
    const { rows } = await this.#pool.query<{ number: string; items: string }>(
      `SELECT number, items FROM ${this.#table.name} WHERE stream = $1 AND number > $2 ORDER BY number`,
      [stream, number],
    )
    return rows.map(row => [Number(row.number), row.items])
  }

  async remove(stream: string, numbers: readonly number[]): Promise<void> {
    await this.#pool.query(`DELETE FROM ${this.#table.name} WHERE stream = $1 AND number = ANY($2)`, [stream, numbers])
  }

  async drop(stream: string): Promise<void> {
    await this.#table.made()
    await this.#pool.query(`DELETE FROM ${this.#table.name} WHERE stream = $1`, [stream])
  }

  async sweep(): Promise<void> {
    await this.#table.made()
    await this.#pool.query(`DELETE FROM ${this.#table.name} WHERE expires_at <= clock_timestamp()`)
  }
}
