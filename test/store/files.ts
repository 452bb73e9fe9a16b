import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { onTestFinished } from 'vitest'

/** A folder for the files of one test, removed after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'taskscope-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function filesIn(folder: string): string[] {
  return readdirSync(folder).toSorted()
}

/** What a closed file answers. */
export function inspect(path: string, query: string): Record<string, unknown>[] {
  return withDatabase(path, database =>
    database
      .prepare(query)
      .all()
      .map(row => ({ ...row })),
  )
}

/** What only damage does: what a file says of itself is changed, and nothing else. */
export function changeSchema(path: string, statement: string): void {
  withDatabase(path, database => {
    // The newer of the two doors, where Node has it.
    database.enableDefensive?.(false)
    database.exec(`PRAGMA writable_schema = ON; ${statement}`)
  })
}

/** Does something to a closed file behind the back of the store. */
export function withDatabase<T>(path: string, use: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path)
  try {
    return use(database)
  } finally {
    database.close()
  }
}
