import type { DatabaseSync } from 'node:sqlite'
import { now, timeOfDay } from '../../base/clock.ts'
import type { Retention, StoredTask } from '../types.ts'
import { FAILED, NOT_FAILED, type Row } from './rows.ts'

/** So many rows are removed with one batch, which takes some 50 ms; the rest with the next. */
const MOST = 10_000
/** Milliseconds between two looks for what has become too old. */
const PAUSE = 60_000

/** Keeps a file within its bounds: within the transaction of each batch, what ended first is removed. */
export class SqliteRetaining {
  readonly #statements: RemovalStatements
  readonly #retention: Retention
  /** How many in the file have ended: to count them for each batch would take longer than to write it. */
  #ends: Ends
  #lookedAt = Number.NEGATIVE_INFINITY
  /** The latest batch has left more than it could remove. */
  #more = false

  constructor(database: DatabaseSync, retention: Retention) {
    this.#statements = new RemovalStatements(database)
    this.#retention = retention
    this.#ends = this.#statements.count()
  }

  /** Whether there may be something to remove with a batch in which nothing has ended. */
  get due(): boolean {
    return this.#more || now() - this.#lookedAt >= PAUSE
  }

  /**
   * Has these tasks put, and removes what is too much then. Returns what is to be called once that is committed, which says
   * whether there is still more to remove.
   */
  put(tasks: readonly StoredTask[], put: () => void): () => boolean {
    const before = this.#statements.countAmong(tasks)
    put()
    const failed = tasks.filter(task => task.endedAt !== undefined && task.status === 'failed').length
    const ended = tasks.filter(task => task.endedAt !== undefined).length
    const lookedAt = now()
    const ends = this.#remove(
      {
        failed: this.#ends.failed - before.failed + failed,
        others: this.#ends.others - before.others + ended - failed,
      },
      lookedAt,
    )
    return () => {
      this.#ends = ends.left
      this.#more = ends.more
      if (!ends.more && lookedAt - this.#lookedAt >= PAUSE) this.#lookedAt = lookedAt
      return ends.more
    }
  }

  #remove(ends: Ends, at: number): { readonly left: Ends; readonly more: boolean } {
    const { count, for: time, failed } = this.#retention
    const removed: Ends[] = []
    let room = MOST
    const take = (which: keyof Ends | 'all', surplus: number) => {
      const gone = this.#statements.remove(which, Math.min(room, Math.max(0, surplus)))
      room -= gone.failed + gone.others
      removed.push(gone)
    }
    if (failed === undefined) take('all', ends.failed + ends.others - count)
    else {
      take('failed', ends.failed - failed.count)
      take('others', ends.others - count)
    }
    if (at - this.#lookedAt >= PAUSE) {
      for (const [which, age] of [
        ['failed', failed?.for ?? time],
        ['others', time],
      ] as const) {
        if (age === Number.POSITIVE_INFINITY || room === 0) continue
        const gone = this.#statements.removeOlder(which, timeOfDay() - age, room)
        room -= gone
        removed.push({ failed: 0, others: 0, [which]: gone })
      }
    }
    const left = removed.reduce(
      (sum, gone) => ({ failed: sum.failed - gone.failed, others: sum.others - gone.others }),
      ends,
    )
    return { left, more: room === 0 }
  }
}

/** How many there are that have ended. */
interface Ends {
  readonly failed: number
  readonly others: number
}

/** The order in which tasks have ended. */
const BY_END = 'session, ended_at, id'

/** How what has ended is counted and removed: prepared once. */
class RemovalStatements {
  readonly #count
  readonly #countAmong
  readonly #remove
  readonly #removeOlder
  readonly #nextSession

  constructor(database: DatabaseSync) {
    this.#count = database.prepare(
      `SELECT (SELECT count(*) FROM tasks INDEXED BY tasks_failed WHERE ${FAILED}) AS failed,
         (SELECT count(*) FROM tasks INDEXED BY tasks_ended WHERE ${NOT_FAILED}) AS others`,
    )
    this.#countAmong = database.prepare(
      `SELECT count(*) FILTER (WHERE ${FAILED}) AS failed, count(*) FILTER (WHERE ${NOT_FAILED}) AS others
       FROM json_each(?) AS given CROSS JOIN tasks ON tasks.id = given.value`,
    )
    const oldest = {
      failed: `SELECT ${BY_END} FROM tasks INDEXED BY tasks_failed WHERE ${FAILED}`,
      others: `SELECT ${BY_END} FROM tasks INDEXED BY tasks_ended WHERE ${NOT_FAILED}`,
    }
    const removal = (from: string) =>
      database.prepare(
        `DELETE FROM tasks WHERE id IN (SELECT id FROM (${from} ORDER BY ${BY_END} LIMIT ?)) RETURNING status = 'failed' AS failed`,
      )
    this.#remove = {
      failed: removal(oldest.failed),
      others: removal(oldest.others),
      all: removal(`${oldest.failed} UNION ALL ${oldest.others}`),
    }
    const older = (from: string) => removal(`${from} AND session = ? AND ended_at < ?`)
    this.#removeOlder = { failed: older(oldest.failed), others: older(oldest.others) }
    const next = (from: string) => database.prepare(`${from} AND session > ? ORDER BY ${BY_END} LIMIT 1`)
    this.#nextSession = { failed: next(oldest.failed), others: next(oldest.others) }
  }

  count(): Ends {
    return endsOf(this.#count.get())
  }

  /** How many of these the file has as ended. */
  countAmong(tasks: readonly StoredTask[]): Ends {
    return endsOf(this.#countAmong.get(JSON.stringify(tasks.map(task => task.id))))
  }

  /** Removes those that ended first, and tells which. */
  remove(which: keyof Ends | 'all', howMany: number): Ends {
    return howMany > 0 ? removedOf(this.#remove[which].all(howMany)) : NONE
  }

  /** Removes those that ended before a time; every session on its own, since the clock may have been set in between. */
  removeOlder(which: keyof Ends, time: number, howMany: number): number {
    let left = howMany
    const next = () => this.#nextSession[which].get(session)
    let session = -1
    for (let row = next(); row !== undefined && left > 0; row = next()) {
      session = Number(row.session)
      left -= this.#removeOlder[which].all(session, time, left).length
    }
    return howMany - left
  }
}

const NONE: Ends = { failed: 0, others: 0 }

function endsOf(row: Row | undefined): Ends {
  return { failed: Number(row?.failed), others: Number(row?.others) }
}

function removedOf(rows: readonly Row[]): Ends {
  const failed = rows.reduce((sum, row) => sum + Number(row.failed), 0)
  return { failed, others: rows.length - failed }
}
