import { expect, it } from 'vitest'
import { memoryStore } from '../../src/store/memory-store.ts'
import { describeStore } from './conformance.ts'
import { pendingTask } from './tasks.ts'

describeStore('the store in memory', async () => {
  const store = memoryStore()
  return {
    store,
    reopen: async () => {
      await store.close()
      return store
    },
    dispose: async () => {},
  }
})

it('is a store of its own each time', async () => {
  const [one, other] = [memoryStore(), memoryStore()]
  await one.open(0)
  await one.write([pendingTask(1)])
  expect(await other.open(0)).toEqual({ lastId: 0, unfinished: [], ended: [] })
})
