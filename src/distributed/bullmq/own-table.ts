import type { Pool } from 'pg'

/** A table of ours beside those of BullMQ, with rows that expire, made when it is first used. */
export class OwnTable {
  readonly name: string
  readonly #pool: Pool
  readonly #columns: string
  #ready: Promise<unknown> | undefined

  /** @param columns what `CREATE TABLE` lists, besides `expires_at` */
  constructor(pool: Pool, name: string, columns: string) {
    this.#pool = pool
    this.name = `bullmq.${name}`
    this.#columns = columns
  }

  /** Resolves once it is there. Two that make it at once get in each other's way, whatever `IF NOT EXISTS` says: one at a time. */
  made(): Promise<unknown> {
    const { name } = this
    this.#ready ??= this.#pool
      .query(
        `SELECT pg_advisory_xact_lock(hashtext('${name}'));
         CREATE TABLE IF NOT EXISTS ${name} (expires_at timestamptz NOT NULL, ${this.#columns})`,
      )
      .catch(error => {
        this.#ready = undefined
        throw error
      })
    return this.#ready
  }
}
