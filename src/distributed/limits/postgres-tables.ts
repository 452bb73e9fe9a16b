import type { Pool } from 'pg'

/** Microseconds since the epoch by the clock of the server, also in the middle of a transaction. */
export const NOW = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint'

/** What was taken and still counts, until it expires. */
export const ENTRIES = 'taskscope.limit_entries'
/** One number for each limit that is counted by one, with the time that belongs to it and that when it says nothing. */
export const LEVELS = 'taskscope.limit_levels'

const CREATE = `
BEGIN;
CREATE SCHEMA IF NOT EXISTS taskscope;
CREATE TABLE IF NOT EXISTS ${ENTRIES} (
  name text NOT NULL, id text NOT NULL, amount bigint NOT NULL, expires bigint NOT NULL, PRIMARY KEY (name, id)
);
CREATE INDEX IF NOT EXISTS limit_entries_expires ON ${ENTRIES} (name, expires);
CREATE TABLE IF NOT EXISTS ${LEVELS} (
  name text PRIMARY KEY, level numeric NOT NULL, at bigint NOT NULL, until bigint NOT NULL
);
COMMIT`

/** `IF NOT EXISTS` does not help when two create the same at the same time: one of them fails, and finds it there then. */
const MADE_MEANWHILE = new Set(['23505', '42P06', '42P07'])

/** More than there are things to create: each failure is the success of another. */
const ATTEMPTS = 10

/** Makes the tables where they are missing, and clears them of what counts no more. */
export async function prepareTables(pool: Pool): Promise<void> {
  for (let attempt = 1; !(await areThere(pool)); attempt++) {
    try {
      await pool.query(CREATE)
    } catch (error) {
      if (attempt === ATTEMPTS || !MADE_MEANWHILE.has((error as { code?: string }).code ?? '')) throw error
    }
  }
  // Rows that another transaction works on are left alone: to wait for them in any order could end in a deadlock.
  for (const [table, expiry] of [
    [ENTRIES, 'expires'],
    [LEVELS, 'until'],
  ]) {
    await pool.query(
      `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ${table} WHERE ${expiry} <= ${NOW} LIMIT 1000 FOR UPDATE SKIP LOCKED
      ))`,
    )
  }
}

async function areThere(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query(
    `SELECT to_regclass('${ENTRIES}') IS NOT NULL AND to_regclass('${LEVELS}') IS NOT NULL AS there`,
  )
  return rows[0].there
}
