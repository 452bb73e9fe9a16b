import type { Job, JobsOptions, Queue, Worker, WorkerOptions } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Pool } from 'pg'
import { startBackgroundTimer } from '../../base/clock.ts'
import { connectPostgres, connectRedis, notInstalled } from '../../connection/connect.ts'
import { cleanErrors } from '../../connection/driver-errors.ts'
import { LONGEST_SILENCE } from '../../connection/longest-silence.ts'
import type { Server } from '../../connection/target.ts'
import type { QueueCounts } from '../../worker/engine/engine.ts'
import { MAX_EVENTS } from '../protocol/protocol.ts'
import { PostgresCache, RedisCache, type ResultCache } from './result-cache.ts'
import { PostgresItems, RedisItems, type StreamItems } from './stream-items.ts'
import { type EventListeners, type EventsBackend, listenTo } from './workarounds/event-listeners.ts'
import { keepNotifications, type WaitingBackend } from './workarounds/kept-notifications.ts'
import { readLateEvents } from './workarounds/late-events.ts'
import { tellLostConnections } from './workarounds/lost-connections.ts'
import { markReturned } from './workarounds/marked-returns.ts'
import { lookUnhurriedly } from './workarounds/unhurried-looks.ts'
import { type JobMaker, takeUnreadable } from './workarounds/unreadable-jobs.ts'

export type { Job, JobsOptions, Queue, Worker }

type Bull = typeof import('bullmq')

/** Where BullMQ keeps its tables in a PostgreSQL. */
const SCHEMA = 'bullmq'

/** How a server is opened. */
export interface OpenOptions {
  /** Milliseconds for the first connection. */
  readonly connectTimeout: number
  /** What all keys in a Redis begin with. PostgreSQL has its schema instead. */
  readonly prefix: string | undefined
}

const CLOSED = cleanErrors({})(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }))

/** What BullMQ's classes have in common. */
interface Part {
  close(): Promise<void>
  disconnect(): Promise<void>
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** What the server knows of a job. */
export type JobEnding =
  | { readonly state: 'completed'; readonly returned: string | undefined }
  | { readonly state: 'failed'; readonly reason: string }
  | { readonly state: 'open' | 'unknown' }

/** Milliseconds that saying goodbye to a server may take, for all that is open. */
const GOODBYE = 2_000
const GIVEN_UP = Symbol('given up')

function givenUp(): Promise<typeof GIVEN_UP> {
  return new Promise(resolve => void startBackgroundTimer(GOODBYE, () => resolve(GIVEN_UP)))
}

/** What became of a call can be asked for that long when its event got lost: seconds, and of how many calls. */
const KEPT = { age: 60, count: 10_000 } as const

/** Redis waits for events this long, PostgreSQL looks for them this often: it does not announce each of them. */
const EVENT_WAIT = { redis: (LONGEST_SILENCE * 2) / 3, postgres: 200 } as const

/** One server with everything of BullMQ that is opened on it. */
export class BrokerConnection {
  readonly label: string
  readonly cache: ResultCache
  readonly items: StreamItems
  readonly #bull: Bull
  /** How the engine is told to keep ended jobs. */
  readonly retention: Pick<JobsOptions, 'removeOnComplete' | 'removeOnFail'>
  /** Whether adding jobs together is cheaper than each by itself: it saves PostgreSQL transactions, and Redis nothing. */
  readonly together: boolean
  readonly #kind: Server['kind']
  readonly #client: Redis | Pool
  readonly #base: { readonly connection: unknown; readonly prefix?: string }
  readonly #opened: Part[] = []
  readonly #disturbed: (error: unknown) => void
  #closing = false

  private constructor(
    server: Server,
    bull: Bull,
    client: Redis | Pool,
    options: OpenOptions,
    disturbed: (error: unknown) => void,
  ) {
    const { prefix } = options
    this.label = server.label
    this.#bull = bull
    this.retention = server.kind === 'redis' ? { removeOnComplete: KEPT, removeOnFail: KEPT } : {}
    this.together = server.kind === 'postgres'
    this.#kind = server.kind
    this.#client = client
    this.#base = { connection: client, ...(prefix !== undefined && { prefix }) }
    this.#disturbed = error => {
      if (!this.#closing) disturbed(error)
    }
    const inRedis = server.kind === 'redis'
    this.cache = inRedis ? new RedisCache(client as Redis, prefix ?? 'bull') : new PostgresCache(client as Pool)
    this.items = inRedis ? new RedisItems(client as Redis, prefix ?? 'bull') : new PostgresItems(client as Pool)
    client.on('error', this.#disturbed)
    if (server.kind === 'redis') (client as Redis).on('close', () => this.#disturbed(CLOSED))
  }

  /**
   * Connects. Rejects with {@link ConnectionError}. `disturbed` hears of every trouble later on, which is mended by itself.
   */
  static async open(
    server: Server,
    options: OpenOptions,
    disturbed: (error: unknown) => void,
  ): Promise<BrokerConnection> {
    const bull = await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ 'bullmq').catch(
      notInstalled('bullmq'),
    )
    if (server.kind === 'redis') {
      const redis = await connectRedis(server, options.connectTimeout)
      return new BrokerConnection(server, bull, redis, options, disturbed)
    }
    const pool = await connectPostgres(server, options.connectTimeout, {
      name: SCHEMA,
      prepare: pool => migrate(pool, bull),
    })
    return new BrokerConnection(server, bull, pool, options, disturbed)
  }

  queue(name: string): Queue {
    const options = { ...this.#base, streams: { events: { maxLen: MAX_EVENTS } } }
    return this.#keep(new this.#bull.Queue(name, options as never, this.#factory()))
  }

  /** Publishes an event to those who listen to a queue; its id is where to listen from so that nothing after it is missed. */
  async publish(queue: Queue, event: string, fields: Readonly<Record<string, string>> = {}): Promise<string> {
    return queue.getBackend().publishEvent({ event, ...fields }, MAX_EVENTS)
  }

  /** Tells listeners of the events of a queue after that one. */
  hear(queue: Queue, after: string, listeners: EventListeners): void {
    const options = { ...this.#base, lastEventId: after, blockingTimeout: EVENT_WAIT[this.#kind], autorun: false }
    const events = this.#keep(new this.#bull.QueueEvents(queue.name, options as never, this.#factory()))
    const backend = events.getBackend() as unknown as EventsBackend
    if (this.#kind === 'postgres') {
      keepNotifications(backend as unknown as WaitingBackend, queue.name)
      readLateEvents(backend, this.#client as Pool, queue.name)
    }
    listenTo(backend, listeners, this.#disturbed)
    void events.run().catch(this.#disturbed)
  }

  worker(name: string, run: (job: Job, token?: string) => Promise<unknown>, options: Partial<WorkerOptions>): Worker {
    const worker = this.#keep(new this.#bull.Worker(name, run, { ...this.#base, ...options } as never, this.#factory()))
    lookUnhurriedly(worker.getBackend())
    takeUnreadable(worker as unknown as JobMaker)
    return worker
  }

  /**
   * Removes jobs that have ended long enough ago, where the engine does not do that by itself: for PostgreSQL that makes
   * every job take twice as long, and its jobs are kept all together until a worker removes them all together.
   */
  async removeOld(queue: Queue): Promise<void> {
    if (this.#kind === 'redis') return
    for (const state of ['completed', 'failed'] as const) await queue.clean(KEPT.age * 1_000, 0, state)
    await this.items.sweep()
  }

  /** Moves a job that a worker has back to its queue, ahead of others of its priority. */
  async giveBack(queue: Queue, job: Job, token: string | undefined): Promise<void> {
    await job.moveToWait(token)
    if (this.#kind === 'redis') await markReturned(this.#client as Redis, queue)
  }

  /** What a processor throws whose job has gone back to its queue: the worker is done with it, and it is not. */
  wentBack(): Error {
    return new this.#bull.WaitingError()
  }

  /** What a processor throws whose job was put off. */
  wasPutOff(): Error {
    return new this.#bull.DelayedError()
  }

  /** How a job has ended: its result, or why it failed; whether the server still knows it while it has not. */
  async endOf(queue: Queue, jobId: string): Promise<JobEnding> {
    const [status, text] = (await queue.getBackend().isFinished(jobId, true)) as [number, string | undefined]
    if (status === 1) return { state: 'completed', returned: text }
    if (status === 2) return { state: 'failed', reason: text ?? '' }
    return { state: status < 0 ? 'unknown' : 'open' }
  }

  /** How many jobs of a queue are where. */
  async countsOf(queue: Queue): Promise<QueueCounts> {
    const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed')
    const of = (...states: string[]) => states.reduce((sum, state) => sum + (counts[state] ?? 0), 0)
    return {
      waiting: of('waiting', 'prioritized'),
      active: of('active'),
      delayed: of('delayed'),
      failed: of('failed'),
    }
  }

  /** Whether a mark of ours was left with a queue. */
  async isMarked(queue: Queue, mark: string): Promise<boolean> {
    return (await queue.getBackend().getQueueMetaField(mark)) !== null
  }

  async mark(queue: Queue, mark: string): Promise<void> {
    await queue.getBackend().setQueueMeta({ [mark]: 1 })
  }

  /** Resolves when the server answers. */
  async ping(): Promise<void> {
    if (this.#kind === 'redis') await (this.#client as Redis).ping()
    else await (this.#client as Pool).query('SELECT 1')
  }

  /** Closes what was opened, the last first. Never rejects, and does not wait for long for a server that is gone. */
  async close(): Promise<void> {
    this.#closing = true
    const late = givenUp()
    for (const part of this.#opened.reverse()) {
      const closed = await Promise.race([part.close().catch(() => {}), late])
      if (closed === GIVEN_UP) void part.disconnect().catch(() => {})
    }
    if (this.#kind === 'redis') (this.#client as Redis).disconnect()
    // On a connection that has fallen silent it would wait until that is noticed.
    else await Promise.race([(this.#client as Pool).end().catch(() => {}), late])
  }

  #factory(): never {
    const bull = this.#bull
    const postgres = (...made: Parameters<Bull['createPostgresBackend']>) =>
      tellLostConnections(bull.createPostgresBackend(...made), bull)
    return (this.#kind === 'postgres' ? postgres : undefined) as never
  }

  #keep<T extends Part>(part: T): T {
    part.on('error', this.#disturbed)
    this.#opened.push(part)
    return part
  }
}

async function migrate(pool: Pool, bull: typeof import('bullmq')): Promise<void> {
  const client = await pool.connect()
  try {
    const version = await bull.assertSchemaCompatibility(client as never, SCHEMA).catch(error => {
      if (error instanceof bull.SchemaMigrationRequiredError) return 0
      throw error
    })
    if (version < bull.LATEST_SCHEMA_VERSION) await bull.runMigrations(client as never, SCHEMA)
  } finally {
    client.release()
  }
}
