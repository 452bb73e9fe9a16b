import { copyFileSync, existsSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import { TaskRunner } from '../../src/index.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import type { TaskStore } from '../../src/store/types.ts'
import { autojump } from '../harness.ts'
import { delay, failureOf } from '../work.ts'
import { temporaryFolder } from './files.ts'
import { idsOf, pendingTask } from './tasks.ts'

/** An open store with a task in it, and its file. */
async function openStore(): Promise<{ store: TaskStore; path: string }> {
  const path = join(temporaryFolder(), 'tasks.db')
  const store = sqliteStore(path)
  await store.open(0)
  await store.write([pendingTask(1)])
  return { store, path }
}

const FAULTS: [string, (path: string) => void, RegExp][] = [
  ['was removed', path => rmSync(path), /tasks\.db was removed or moved away/],
  ['was moved away', path => renameSync(path, `${path}.old`), /tasks\.db was removed or moved away/],
  ['was replaced', replace, /tasks\.db was replaced by another file/],
  ['was cut off', path => truncateSync(path, 100), /tasks\.db was cut off/],
  ['lost its log', path => rmSync(`${path}-wal`), /tasks\.db-wal was removed or moved away/],
  ['lost its lock', path => rmSync(`${path}-lock`), /tasks\.db-lock was removed or moved away/],
  ['lost what is shared', path => rmSync(`${path}-shm`), /tasks\.db-shm was removed or moved away/],
  ['had its log cut off', path => truncateSync(`${path}-wal`), /tasks\.db-wal was cut off/],
]

function replace(path: string): void {
  copyFileSync(path, `${path}.new`)
  renameSync(`${path}.new`, path)
}

describe('a file that is open', () => {
  it.each(FAULTS)('refuses what is written once it %s', async (_, fault, message) => {
    await autojump(async () => {
      const { store, path } = await openStore()
      fault(path)
      await delay(1_000)
      const error = await failureOf(store.write([pendingTask(2)]))
      expect(error).toBeInstanceOf(StoreError)
      expect((error as Error).message).toMatch(message)
      await expect(store.write([pendingTask(3)])).rejects.toThrow(message)
      await expect(store.close()).rejects.toThrow(message)
      await expect(store.write([])).rejects.toThrow(/not open/)
    })
  })

  it('says so at its close when that comes first', async () => {
    const { store, path } = await openStore()
    rmSync(path)
    await expect(store.close()).rejects.toThrow(/was removed or moved away/)
    expect(existsSync(path)).toBe(false)
  })

  it('goes on when it is moved back, with all that was written', async () => {
    await autojump(async () => {
      const { store, path } = await openStore()
      renameSync(path, `${path}.old`)
      await delay(1_000)
      await expect(store.write([pendingTask(2)])).rejects.toThrow(StoreError)
      renameSync(`${path}.old`, path)
      await store.write([pendingTask(3)])
      await store.close()
      expect(idsOf((await store.open(0)).unfinished)).toEqual([1, 3])
      await store.close()
    })
  })

  it('is no trouble while it grows, and its log begins anew', async () => {
    await autojump(async () => {
      const { store } = await openStore()
      const record = JSON.stringify('x'.repeat(1_000_000))
      for (let id = 2; id < 12; id++) {
        await store.write([pendingTask(id, { record })])
        await delay(1_000)
      }
      await store.close()
      expect((await store.open(0)).lastId).toBe(11)
      await store.close()
    })
  })
})

describe('a runner whose file was removed', () => {
  it('refuses tasks, keeps the outcomes of those that run, and says so once', async () => {
    await autojump(async () => {
      const path = join(temporaryFolder(), 'tasks.db')
      const told: Error[] = []
      const logger = { error: (error: unknown) => void told.push(error as Error) }
      const runner = await TaskRunner.start({ store: sqliteStore(path), logger })
      const running = runner.submit(() => delay(5_000).then(() => 'done'))
      await running.accepted
      rmSync(path)
      await delay(1_000)
      for (let n = 0; n < 2; n++) expect(await failureOf(runner.submit(() => 1))).toBeInstanceOf(StoreError)
      expect(await running).toBe('done')
      expect(told.map(({ message }) => message)).toEqual([expect.stringContaining('was removed or moved away')])
      await runner.close()
    })
  })
})
