import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sqliteStore } from '../../src/sqlite.ts'
import { memoryStore } from '../../src/store/memory-store.ts'
import type { Retention, StoredQuery, StoredTask } from '../../src/store/types.ts'
import type { TaskStatus } from '../../src/task/types.ts'
import { runs } from '../fuzz/runs.ts'
import { temporaryFolder } from './files.ts'
import { endedTask, idsOf, pendingTask } from './tasks.ts'

const DAY = 24 * 3_600_000
const NOW = Date.now()

const STATUSES: readonly TaskStatus[] = ['pending', 'running', 'stopping', 'done', 'failed', 'cancelled']
const few = <T>(...values: T[]) => fc.constantFrom(...values)
const label = fc.oneof(
  { weight: 5, arbitrary: few('a', 'b', '"a"', 'a","b', '\\', 'x"a', '\u2028') },
  { weight: 1, arbitrary: fc.string({ maxLength: 3, minLength: 1 }) },
)
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

const aTask: fc.Arbitrary<StoredTask> = fc
  .record({
    id: fc.integer({ min: 1, max: 30 }),
    name: label,
    type: optional(label),
    tags: optional(fc.uniqueArray(label, { minLength: 1, maxLength: 3 })),
    status: few(...STATUSES),
    age: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ id, age, status, type, tags, name }): StoredTask => {
    const { type: _, ...task } =
      status === 'done' || status === 'failed' || status === 'cancelled'
        ? // No two of them at once, nor so near that an earlier one may be written later.
          endedTask(id, NOW - age * DAY - DAY / 2 - id * 10_000, { name, status })
        : pendingTask(id, { name, status })
    return { ...task, ...(type !== undefined && { type }), ...(tags !== undefined && { tags }) }
  })

const anyQuery: fc.Arbitrary<StoredQuery> = fc.record(
  {
    id: fc.integer({ min: 0, max: 31 }),
    status: fc.uniqueArray(few(...STATUSES), { minLength: 1 }),
    type: label,
    name: label,
    tag: label,
    before: fc.integer({ min: 1, max: 31 }),
  },
  { requiredKeys: [] },
)

const aQuery = fc.oneof(
  anyQuery,
  label.map((tag): StoredQuery => ({ tag })),
)

const count = few(0, 1, 2, 3, 5, 8, Number.POSITIVE_INFINITY)
const time = few(0, DAY, 3 * DAY, 8 * DAY, Number.POSITIVE_INFINITY)
const aRetention: fc.Arbitrary<Retention> = fc
  .record({ count, for: time, failed: optional(fc.record({ count, for: time })) })
  .map(({ failed, ...all }) => ({ ...all, ...(failed !== undefined && { failed }) }))

/** In one batch each id is there once. */
const batches = fc.array(fc.uniqueArray(aTask, { selector: task => task.id, maxLength: 12 }), { maxLength: 5 })

describe('a store in SQLite and one in memory', () => {
  it('find the same, and keep the same', { timeout: 120_000 }, async () => {
    const plan = fc.asyncProperty(
      batches,
      fc.array(aQuery, { maxLength: 6 }),
      aRetention,
      async (all, queries, retention) => {
        const stores = [
          memoryStore(),
          sqliteStore(join(temporaryFolder(), 'tasks.db'), { synchronous: 'normal' }),
        ] as const
        for (const store of stores) {
          await store.open(0)
          for (const batch of all) await store.write(batch)
        }
        const [memory, sqlite] = stores
        for (const query of queries) expect([...sqlite.find!(query)]).toStrictEqual([...memory.find!(query)])
        for (const store of stores) await store.close()
        const [fromMemory, fromSqlite] = await Promise.all(stores.map(store => store.open(100, retention)))
        expect(fromSqlite).toStrictEqual(fromMemory)
        const { ended = [] } = fromMemory ?? {}
        const failed = ended.filter(({ status }) => status === 'failed')
        const { failed: apart, ...bounds } = retention
        if (apart === undefined) expect(ended.length).toBeLessThanOrEqual(bounds.count)
        else {
          expect(failed.length).toBeLessThanOrEqual(apart.count)
          expect(ended.length - failed.length).toBeLessThanOrEqual(bounds.count)
        }
        expect(new Set(idsOf(ended)).size).toBe(ended.length)
        for (const store of stores) await store.close()
      },
    )
    await fc.assert(plan, runs(60))
  })
})
