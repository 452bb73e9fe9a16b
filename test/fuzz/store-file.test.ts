import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import type { StoredTask } from '../../src/store/types.ts'
import { temporaryFolder } from '../store/files.ts'
import { leftAt, liveStore } from '../store/live-store.ts'
import { endedTask, idsOf, pendingTask } from '../store/tasks.ts'
import { patience, runs } from './runs.ts'

const TASKS = 100
/** Each opens a file twice. */
const USUAL = 40
/** Of one task each, in the log. */
const BATCHES = 20
/** Larger than a page of the file, so that some of it lies in pages of its own. */
const LARGE = JSON.stringify('large '.repeat(2_000))

/** Of each kind some, a few of them large. */
const written = new Map(
  Array.from({ length: TASKS }, (_, index): [number, StoredTask] => {
    const id = index + 1
    const changes = id % 20 === 0 ? { record: LARGE } : {}
    return [id, id % 3 === 0 ? pendingTask(id, changes) : endedTask(id, 1_700_000_001_000 - id, changes)]
  }),
)

async function writeStore(path: string): Promise<void> {
  const store = sqliteStore(path)
  await store.open(0)
  await store.write([...written.keys()].map(id => pendingTask(id)))
  await store.write([...written.values()])
  await store.close()
}

/** The same bytes, but for 1 to 8 of them anywhere. */
function damaged(bytes: Buffer): fc.Arbitrary<Buffer> {
  const place = fc.noBias(fc.nat(bytes.length - 1))
  const flips = fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 8 })
  return flips.map(changes => {
    const copy = Buffer.from(bytes)
    for (const [at, bits] of changes) copy[at] = (copy[at] ?? 0) ^ bits
    return copy
  })
}

/** What an open says of every task: as it was written, or that it is damaged. Anything else fails. */
async function everyTaskIsAccountedFor(path: string): Promise<'refused' | 'reported' | 'whole'> {
  const store = sqliteStore(path, { synchronous: 'normal' })
  try {
    const { unfinished, ended, damaged = [] } = await store.open(Number.POSITIVE_INFINITY)
    const reported = new Set(damaged.map(({ id }) => id))
    const shown = [...unfinished, ...ended]
    for (const task of shown) expect(task).toStrictEqual(written.get(task.id))
    for (const id of written.keys()) {
      expect([id, shown.filter(task => task.id === id).length]).toEqual([id, reported.has(id) ? 0 : 1])
    }
    return reported.size > 0 ? 'reported' : 'whole'
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    return 'refused'
  } finally {
    await store.close()
  }
}

describe('a file with flipped bytes', () => {
  it(
    'shows each record as it was written, reports it, or is refused; and does so again',
    async () => {
      const path = join(temporaryFolder(), 'tasks.db')
      await writeStore(path)
      await fc.assert(
        fc.asyncProperty(damaged(readFileSync(path)), async bytes => {
          writeFileSync(path, bytes)
          rmSync(`${path}-wal`, { force: true })
          const first = await everyTaskIsAccountedFor(path)
          expect(await everyTaskIsAccountedFor(path)).toBe(first)
        }),
        runs(USUAL),
      )
    },
    patience(USUAL),
  )
})

/** What tasks an open finds; nothing when it is refused. */
async function idsAt(path: string): Promise<number[] | undefined> {
  const store = sqliteStore(path)
  try {
    return idsOf((await store.open(0)).unfinished)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    return undefined
  } finally {
    await store.close()
  }
}

describe('a log with a flipped byte', () => {
  it(
    'is refused, or shows all tasks but those of the last two batches, as they may be of a power failure',
    async () => {
      const ids = Array.from({ length: BATCHES }, (_, index) => index + 1)
      const live = await liveStore(ids.map(id => [pendingTask(id)]))
      const path = join(temporaryFolder(), 'tasks.db')
      await fc.assert(
        fc.asyncProperty(fc.noBias(fc.nat(live.log.length - 1)), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
          leftAt(path, live, [at, bits])
          const found = (await idsAt(path)) ?? ids
          expect(found).toEqual(ids.slice(0, Math.max(found.length, BATCHES - 2)))
          const again = (await idsAt(path)) ?? ids
          expect(again).toEqual(found)
        }),
        runs(USUAL),
      )
    },
    patience(USUAL),
  )
})
