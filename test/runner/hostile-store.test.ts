import { describe, expect, it, vi } from 'vitest'
import { StoreError, TaskRunner, type TaskStore } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { HOSTILE } from '../hostile.ts'
import { FragileStore } from './fragile-store.ts'

/** A store with one method that fails: at once, or as a promise. */
function failing(method: keyof TaskStore, fail: () => never, late: boolean): TaskStore {
  const store = new FragileStore()
  return Object.defineProperty(store, method, { value: late ? async () => fail() : fail })
}

describe.each(Object.keys(HOSTILE))('%s, from a store', kind => {
  it.each(['at once', 'late'])('thrown by open %s, is the cause of a StoreError', async when => {
    const value = HOSTILE[kind]?.()
    const fail = (): never => {
      throw value
    }
    const store = failing('open', fail, when === 'late')
    const error: unknown = await TaskRunner.start({ store }).catch(thrown => thrown)
    expect(error).toBeInstanceOf(StoreError)
    expect(Object.is((error as StoreError).cause, value)).toBe(true)
  })

  it.each(['at once', 'late'])(
    'thrown by write %s, refuses what was to be durable, and touches nobody else',
    async when => {
      const logger = { error: vi.fn() }
      const fail = (): never => {
        throw HOSTILE[kind]?.()
      }
      const runner = await TaskRunner.start({ store: failing('write', fail, when === 'late'), logger })
      await expect(runner.submit(() => 1)).rejects.toBeInstanceOf(StoreError)
      expect(await runner.submit(() => 2, { durable: false })).toBe(2)
      expect(await runner.close()).toMatchObject({ done: 1, failed: 1 })
      expect(logger.error.mock.calls[0]?.[0]).toBeInstanceOf(StoreError)
    },
  )

  it.each(['at once', 'late'])('thrown by close %s, is logged, and close returns', async when => {
    const logger = { error: vi.fn() }
    const fail = (): never => {
      throw HOSTILE[kind]?.()
    }
    const runner = await TaskRunner.start({ store: failing('close', fail, when === 'late'), logger })
    expect(await runner.submit(() => 1)).toBe(1)
    expect(await runner.close()).toMatchObject({ done: 1 })
    await settle()
    expect(logger.error).toHaveBeenCalledOnce()
  })
})
