import type { Redis } from 'ioredis'
import type { Pool } from 'pg'
import { now, startTimer } from '../base/clock.ts'
import { cleanErrors, driverCode } from './driver-errors.ts'
import { ConnectionError } from './errors.ts'
import { cleanPool, withSearchPath } from './postgres-pool.ts'
import { taskscopeRedis } from './redis-client.ts'
import type { Server } from './target.ts'

/** Milliseconds between two attempts to reach a server that does not answer yet. */
const PAUSE = 100
/** What no second attempt would change. A Redis that can't save does not even answer a PING. */
const FINAL_CODES = /^(WRONGPASS|NOAUTH|NOPERM|MISCONF|28...|3D000|42501|ERR_(INVALID|TLS)_\w+)$/
/** The same, where drivers and an old Redis have no code for it. */
const FINAL = /^(ERR invalid password|ERR (invalid )?DB index|SASL: |Password must be a string)/i

/**
 * A connection to a Redis that has answered. Rejects with {@link ConnectionError}: at once when it refuses this client,
 * after `timeout` milliseconds when it can't be reached. Later losses are mended by the driver.
 */
export async function connectRedis(server: Server, timeout: number): Promise<Redis> {
  const Redis = taskscopeRedis(
    (await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ 'ioredis').catch(notInstalled('ioredis')))
      .Redis,
  )
  return reached(server, timeout, async left => {
    const redis = new Redis({
      enableReadyCheck: true,
      ...server.options,
      lazyConnect: true,
      maxRetriesPerRequest: null,
      connectTimeout: left,
      // The driver would go on in silence until there is an answer; here every failure is heard.
      retryStrategy: () => null,
    })
    let heard: Error | undefined
    redis.on('error', error => {
      heard = error
    })
    try {
      await inTime(left, async () => {
        await redis.connect()
        await redis.ping()
        // Without the database that it was told the driver says so and goes on, in another one.
        if (heard !== undefined) throw heard
      })
    } catch (error) {
      redis.disconnect()
      throw heard ?? error
    }
    redis.removeAllListeners('error')
    // What is duplicated from it later on has these, too.
    Object.assign(redis.options, { retryStrategy: retryDelay, lazyConnect: false })
    redis.on('error', () => {})
    return redis
  })
}

/** The driver waits for the answers of whatever has taken its connection, and for ever. */
async function inTime(time: number, action: () => Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = startTimer(time, () => late.reject(new Error('it has taken the connection, and does not answer')))
  try {
    await Promise.race([action(), late.promise])
  } finally {
    timer.cancel()
  }
}

/** How long a lost connection is waited for before it is tried anew: milliseconds, by the number of the attempt. */
export function retryDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 6), 2_000)
}

/** Milliseconds that a query may wait for a free client, which is not the server's fault. */
const CLIENT_WAIT = 60_000
/** How many clients a pool has at most where its options do not say: one or two of them listen, and are taken for good. */
const CLIENTS = 8

/** Where a user of a database keeps its tables. */
export interface Schema {
  readonly name: string
  /** Makes the tables that are missing. */
  prepare(pool: Pool): Promise<void>
}

/** The same for a PostgreSQL, as a pool; with `schema`, of a database that has these tables then, and of clients that find them. */
export async function connectPostgres(server: Server, timeout: number, schema?: Schema): Promise<Pool> {
  const pg = await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ 'pg').catch(notInstalled('pg'))
  return reached(server, timeout, async left => {
    const pool = new pg.default.Pool({
      max: CLIENTS,
      keepAlive: true,
      ...(schema === undefined ? server.options : withSearchPath(server.options, schema.name)),
      connectionTimeoutMillis: Math.max(1, Math.ceil(left)),
    })
    cleanPool(pool, server.options).on('error', () => {})
    try {
      if (schema === undefined) await pool.query('SELECT 1')
      else await schema.prepare(pool)
    } catch (error) {
      await pool.end()
      throw error
    }
    pool.options.connectionTimeoutMillis = CLIENT_WAIT
    return pool
  })
}

/** What a failed import of a package means. A `.catch` directly at the import tells bundlers that it may be missing. */
export function notInstalled(name: string): (cause: unknown) => never {
  return cause => {
    throw new ConnectionError(`the package '${name}' could not be loaded: install it with \`npm install ${name}\``, {
      cause,
    })
  }
}

async function reached<T>(server: Server, timeout: number, attempt: (left: number) => Promise<T>): Promise<T> {
  const end = now() + timeout
  const clean = cleanErrors(server.options)
  let before: unknown
  for (;;) {
    try {
      return await attempt(Math.max(1, end - now()))
    } catch (error) {
      const cause = error instanceof ConnectionError ? error : clean(error)
      const final = isFinal(cause)
      if (!final && now() + PAUSE < end) {
        before = cause
        await pause()
        continue
      }
      const what = final ? 'refused this client' : `could not be reached within ${timeout} ms`
      // The last attempt may only have run out of time, which says less than what the one before has met.
      const reason = final ? cause : (before ?? cause)
      throw new ConnectionError(`${server.label} ${what}: ${reasonOf(reason)}`, { cause: reason })
    }
  }
}

/** Whether the server has said no, so that asking again would not help. */
export function isFinal(error: unknown): boolean {
  const code = driverCode(error)
  return code !== undefined && (FINAL_CODES.test(code) || FINAL.test((error as Error).message))
}

/** Node says nothing but the class when a host has several addresses and none answers. */
function reasonOf(error: unknown): string {
  const { message, code, errors } = Object(error) as { message?: string; code?: string; errors?: readonly unknown[] }
  if (errors !== undefined && errors.length > 0) return errors.map(reasonOf).join(', ')
  return message || code || String(error)
}

function pause(): Promise<void> {
  return new Promise(resolve => void startTimer(PAUSE, () => resolve()))
}
