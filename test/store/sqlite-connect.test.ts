import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import { settle } from '../harness.ts'
import { temporaryFolder } from './files.ts'
import { outputOf } from './processes.ts'

describe('a locked file', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  function lock(path: string): DatabaseSync {
    const database = new DatabaseSync(path)
    database.exec('BEGIN EXCLUSIVE')
    return database
  }

  /** Resolves when it waits, or is over. */
  async function untilItPauses(opening: Promise<unknown>): Promise<void> {
    let over = false
    void opening
      .catch(() => {})
      .finally(() => {
        over = true
      })
    while (!over && vi.getTimerCount() === 0) await settle()
  }

  it('is opened when it is free a moment later', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const database = lock(path)
    const store = sqliteStore(path)
    const opening = store.open(0)
    await untilItPauses(opening)
    database.close()
    vi.advanceTimersToNextTimer()
    expect((await opening).lastId).toBe(0)
    await store.close()
  })

  it('is refused when it is not free after some of those', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const database = lock(path)
    const opening = sqliteStore(path).open(0)
    const refused = expect(opening).rejects.toThrow(StoreError)
    for (let pauses = 0; pauses < 4; pauses++) {
      await untilItPauses(opening)
      vi.advanceTimersToNextTimer()
    }
    await refused
    database.close()
  })

  it('is the only one that is asked for again', async () => {
    const opening = sqliteStore(temporaryFolder()).open(0)
    const refused = expect(opening).rejects.toThrow(/is a folder/)
    await untilItPauses(opening)
    expect(vi.getTimerCount()).toBe(0)
    await refused
  })
})

describe('the SQLite of Node', () => {
  it('is loaded with the first open, since Node may warn of it', async () => {
    const loaded = `process.moduleLoadList.includes('NativeModule sqlite')`
    const url = new URL('../../src/sqlite.ts', import.meta.url)
    const script = `
      const { sqliteStore } = await import('${url}')
      const store = sqliteStore(':memory:')
      const before = ${loaded}
      await store.open(0)
      console.log(JSON.stringify({ before, after: ${loaded} }))
    `
    const command = [process.execPath, '--input-type=module', '--eval', script]
    expect(await outputOf(command)).toEqual({ before: false, after: true })
  })
})
