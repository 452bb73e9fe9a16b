import type { Rule } from './ledger.ts'
import { ENTRIES, LEVELS, NOW } from './postgres-tables.ts'

/**
 * What reads before it writes, as one message: a round trip for the whole transaction, and nobody waits for the lock of one
 * that waits for its client. Such a message has no parameters, so names are written into it as literals.
 *
 * All of it happens behind a lock for the limit; each statement sees what others have done before they let go of it. The
 * time is read there as well: that of the transaction is of before the lock.
 */
function locked(name: string, ...statements: readonly string[]): string {
  const lock = `SELECT pg_advisory_xact_lock(hashtextextended(${literal(name)}, 0))`
  return ['BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE', lock, ...statements, 'COMMIT'].join(';\n')
}

/** Correct whatever `standard_conforming_strings` is set to. */
function literal(value: string): string {
  return `E'${value.replace(/['\\]/g, '$&$&')}'`
}

const CLOCK = `clock AS MATERIALIZED (SELECT ${NOW} AS now)`

/** Gives `token`, null when it was not taken, and `wait`. */
export function takeEntry({ name, capacity, lasts }: Rule, id: string, amount: number): string {
  return locked(
    name,
    `DELETE FROM ${ENTRIES} WHERE name = ${literal(name)} AND expires <= ${NOW}`,
    `WITH ${CLOCK},
    others AS (
      SELECT id, amount, expires FROM ${ENTRIES} WHERE name = ${literal(name)} AND id <> ${literal(id)}
    ),
    missing AS (SELECT coalesce(sum(amount), 0) + ${amount} - ${capacity} AS amount FROM others),
    taken AS (
      INSERT INTO ${ENTRIES} (name, id, amount, expires)
      SELECT ${literal(name)}, ${literal(id)}, ${amount}, now + ${lasts} FROM clock, missing WHERE missing.amount <= 0
      ON CONFLICT (name, id) DO UPDATE SET amount = excluded.amount, expires = excluded.expires
      RETURNING id
    ),
    freed AS (SELECT expires, sum(amount) OVER (ORDER BY expires, id) AS amount FROM others)
    SELECT
      (SELECT id FROM taken) AS token,
      (SELECT ceil((min(expires) - min(now)) / 1000.0)
        FROM freed, missing, clock WHERE freed.amount >= missing.amount) AS wait`,
  )
}

/** Parameters: name, id, what is kept. */
export const KEEP_ENTRY = `UPDATE ${ENTRIES} SET amount = $3 WHERE name = $1 AND id = $2`
/** Parameters: name, id. */
export const DELETE_ENTRY = `DELETE FROM ${ENTRIES} WHERE name = $1 AND id = $2`
/** Parameters: name, ids, amounts, how long they last. */
export const RENEW_ENTRIES = `
  WITH ${CLOCK}
  INSERT INTO ${ENTRIES} (name, id, amount, expires)
  SELECT $1, held.id, held.amount, now + $4::bigint FROM clock, unnest($2::text[], $3::bigint[]) AS held (id, amount)
  ON CONFLICT (name, id) DO UPDATE SET amount = excluded.amount, expires = excluded.expires`

/**
 * The level of a bucket is kept in amounts times `per`, which makes it a whole number, and runs out by the capacity in each
 * microsecond. Also after the clock was set back: a bucket does not become fuller or emptier by that.
 */
export function takeFromBucket({ name, capacity, lasts }: Rule, amount: number): string {
  return locked(
    name,
    `WITH ${CLOCK},
    bucket AS (SELECT greatest(now, at) AS now, at, level FROM clock LEFT JOIN ${LEVELS} ON name = ${literal(name)}),
    poured AS (
      SELECT now, coalesce(greatest(0, level - (now - at)::numeric * ${capacity}), 0) + ${amount}::numeric * ${lasts} AS level
      FROM bucket
    ),
    taken AS (
      INSERT INTO ${LEVELS} (name, level, at, until)
      SELECT ${literal(name)}, level, now, now + ceil(level / ${capacity}) FROM poured
      WHERE level <= ${capacity}::numeric * ${lasts}
      ON CONFLICT (name) DO UPDATE SET level = excluded.level, at = excluded.at, until = excluded.until
      RETURNING at
    )
    SELECT
      (SELECT at FROM taken) AS token,
      ceil((level - ${capacity}::numeric * ${lasts}) / ${capacity} / 1000) AS wait
    FROM poured`,
  )
}

/** After `per` it would all have run out by itself. Behind the lock: one that takes has read the level already. */
export function giveBackToBucket({ name, lasts }: Rule, amount: number, takenAt: string): string {
  return locked(
    name,
    `UPDATE ${LEVELS} SET level = greatest(0, level - ${amount}::numeric * ${lasts})
    WHERE name = ${literal(name)} AND ${NOW} - ${literal(takenAt)}::bigint < ${lasts}`,
  )
}

/** Takes again what may have run out of it since it was taken, also where that is more than the bucket holds. */
export function beginInBucket({ name, capacity, lasts }: Rule, amount: number, takenAt: string): string {
  return locked(
    name,
    `WITH ${CLOCK},
    bucket AS (SELECT greatest(now, at) AS now, at, level FROM clock LEFT JOIN ${LEVELS} ON name = ${literal(name)}),
    poured AS (
      SELECT now, coalesce(greatest(0, level - (now - at)::numeric * ${capacity}), 0)
        + least(${amount}::numeric * ${lasts}, greatest(0, now - ${literal(takenAt)}::bigint)::numeric * ${capacity}) AS level
      FROM bucket
    )
    INSERT INTO ${LEVELS} (name, level, at, until)
    SELECT ${literal(name)}, level, now, now + ceil(level / ${capacity}) FROM poured
    ON CONFLICT (name) DO UPDATE SET level = excluded.level, at = excluded.at, until = excluded.until`,
  )
}

/** The windows follow one another from the first use on. */
export function takeFromWindow({ name, capacity, lasts }: Rule, amount: number): string {
  return locked(
    name,
    `WITH ${CLOCK},
    found AS (SELECT now, level, until FROM clock LEFT JOIN ${LEVELS} ON name = ${literal(name)}),
    current AS (
      SELECT now,
        CASE WHEN until > now THEN level ELSE 0 END + ${amount} AS level,
        CASE WHEN until > now THEN until ELSE now + ${lasts} END AS until
      FROM found
    ),
    taken AS (
      INSERT INTO ${LEVELS} (name, level, at, until)
      SELECT ${literal(name)}, level, until, until FROM current WHERE level <= ${capacity}
      ON CONFLICT (name) DO UPDATE SET level = excluded.level, at = excluded.at, until = excluded.until
      RETURNING until
    )
    SELECT (SELECT until FROM taken) AS token, ceil((until - now) / 1000.0) AS wait FROM current`,
  )
}

/** To the window that it was taken in. */
export function giveBackToWindow({ name }: Rule, amount: number, end: string): string {
  return locked(
    name,
    `UPDATE ${LEVELS} SET level = level - ${amount} WHERE name = ${literal(name)} AND until = ${literal(end)}::bigint`,
  )
}

/** In the window that it was taken in it counts already. */
export function beginInWindow({ name, lasts }: Rule, amount: number, end: string): string {
  return locked(
    name,
    `WITH ${CLOCK},
    found AS (SELECT now, level, until FROM clock LEFT JOIN ${LEVELS} ON name = ${literal(name)}),
    current AS (
      SELECT
        CASE WHEN until > now THEN level ELSE 0 END + ${amount} AS level,
        CASE WHEN until > now THEN until ELSE now + ${lasts} END AS until
      FROM found WHERE until IS NULL OR until <= now OR until <> ${literal(end)}::bigint
    )
    INSERT INTO ${LEVELS} (name, level, at, until) SELECT ${literal(name)}, level, until, until FROM current
    ON CONFLICT (name) DO UPDATE SET level = excluded.level, at = excluded.at, until = excluded.until`,
  )
}
