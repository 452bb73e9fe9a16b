import type { Pool } from 'pg'
import { now } from '../../../base/clock.ts'
import type { EventEntry, EventsBackend } from './event-listeners.ts'

/** Milliseconds that a transaction may take from the number of its event to its commit. */
const LATEST = 5_000
/** Milliseconds to wait for new events while some are missing. */
const WAIT = 20
/** Numbers that are looked for at a time: those of other queues are missing here, too, until they have been seen. */
const MOST = 2_000

/**
 * Has a backend read the events of a queue that get their number before others and are committed after them. The engine
 * goes on from the highest number that it has read, and never sees them: some in a hundred, as soon as several workers and
 * callers are busy. In PostgreSQL numbers are given before the commit, and never in the order of commits.
 *
 * Read in BullMQ 6.7.0, `postgres/postgres-queue-backend.js`, line 1571:
 * `await this.run('read_events', [this.queueName, cursor, EVENT_READ_BATCH]);`. Delete when events are numbered in the order
 * of their commits, or are asked for from before the highest number.
 */
export function readLateEvents(backend: EventsBackend, pool: Pool, queue: string): void {
  const read = backend.readEvents.bind(backend)
  const missing = new Map<number, number>()
  let newest = 0

  backend.readEvents = async (after, wait) => {
    newest = Math.max(newest, Number(after))
    const result = await read(String(newest), missing.size > 0 ? Math.min(wait, WAIT) : wait)
    const entries = result?.[0]?.[1] ?? []
    const late = await lateOnes()
    for (const [id] of entries) {
      for (let skipped = Math.max(newest + 1, Number(id) - MOST); skipped < Number(id); skipped += 1)
        missing.set(skipped, now())
      newest = Number(id)
    }
    if (entries.length + late.length === 0) return null
    return [['events', [...late, ...entries].sort(([a], [b]) => Number(a) - Number(b))]]
  }

  async function lateOnes(): Promise<EventEntry[]> {
    const oldest = now() - LATEST
    for (const [id, since] of missing) {
      if (since > oldest && missing.size <= MOST) break
      missing.delete(id)
    }
    if (missing.size === 0) return []
    const { rows } = await pool.query<Row>('SELECT id, queue, event, data FROM event WHERE id = ANY($1)', [
      [...missing.keys()],
    ])
    for (const { id } of rows) missing.delete(Number(id))
    return rows.filter(row => row.queue === queue).map(entryOf)
  }
}

interface Row {
  readonly id: string
  readonly queue: string
  readonly event: string
  readonly data: Readonly<Record<string, unknown>> | null
}

function entryOf({ id, event, data }: Row): EventEntry {
  return [id, ['event', event, ...Object.entries(data ?? {}).flatMap(([key, value]) => [key, String(value)])]]
}
