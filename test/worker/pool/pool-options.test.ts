import { availableParallelism } from 'node:os'
import { expect, it } from 'vitest'
import { poolSettings } from '../../../src/worker/pool/pool-options.ts'

it('has a worker for each processor, and no fewer than are to be kept', () => {
  const processors = availableParallelism()
  expect(poolSettings().maxWorkers).toBe(processors)
  expect(poolSettings({ minWorkers: processors + 3 }).maxWorkers).toBe(processors + 3)
  expect(() => poolSettings({ minWorkers: 3, maxWorkers: 2 })).toThrow(RangeError)
})
