import { describe, expect, it } from 'vitest'
import { type StoreContents, StoreError, TaskRunner, type TaskStore } from '../../src/index.ts'
import { failureOf } from '../work.ts'

function storeWith(contents: Partial<StoreContents>): TaskStore & { closed: boolean } {
  return {
    closed: false,
    open: async () => ({ lastId: 0, unfinished: [], ended: [], ...contents }),
    write: async () => {},
    async close() {
      this.closed = true
    },
  }
}

describe('a record that the store calls damaged', () => {
  it('is reported once, and never shown: wait says what is wrong', async () => {
    const error = new StoreError('the record of task 3 is damaged')
    const logged: unknown[] = []
    const logger = { error: (thrown: unknown) => logged.push(thrown) }
    const runner = await TaskRunner.start({ store: storeWith({ lastId: 3, damaged: [{ id: 3, error }] }), logger })
    expect(await failureOf(runner.wait(3))).toBe(error)
    expect(runner.getRecord(3)).toBeUndefined()
    expect(runner.records()).toEqual([])
    expect(await runner.cancel(3)).toBe(false)
    expect(runner.submit(() => 1).id).toBe(4)
    await runner.close()
    expect(logged).toEqual([error])
  })
})

describe('a store whose ids are used up', () => {
  it.each([2 ** 53 - 1, 2 ** 53, 2 ** 60, 2 ** 53 - 2 ** 39, Number.POSITIVE_INFINITY, Number.NaN, -1, 1.5, '7'])(
    'is refused with its last id, and closed: %o',
    async lastId => {
      const store = storeWith({ lastId: lastId as number })
      const error = await failureOf(TaskRunner.start({ store, logger: false }))
      expect(error).toBeInstanceOf(StoreError)
      expect((error as Error).message).toMatch(/new ones would repeat.*lastId must be an integer from 0 to/)
      expect(store.closed).toBe(true)
    },
  )

  it('may be far along', async () => {
    const runner = await TaskRunner.start({ store: storeWith({ lastId: 2 ** 52 }), logger: false })
    expect([runner.submit(() => 1).id, runner.submit(() => 1).id]).toEqual([2 ** 52 + 1, 2 ** 52 + 2])
    await runner.close()
  })
})
