import { expect, it } from 'vitest'
import { callLimit } from '../../src/index.ts'
import { TaskWorker } from '../../src/worker.ts'

it.each(['thread', 'process'] as const)('a rate counts from when a %s has started and has the call', async mode => {
  // Far less than the start of a worker takes.
  const limits = callLimit(1, 5)
  await using worker = await TaskWorker.start({ mode, maxWorkers: 2, concurrencyPerWorker: 2, limits })
  const dispatched: number[] = []
  worker.on('started', () => dispatched.push(worker.stats().dispatched))
  await Promise.all([1, 2, 3].map(n => worker.submit((x: number) => x, n)))
  // Each one starts only after the one before it was dispatched.
  expect(dispatched).toHaveLength(3)
  for (const [before, count] of dispatched.entries()) expect(count).toBeGreaterThanOrEqual(before)
})

it('a rate that was taken for a call which never got a worker comes back', async () => {
  const limits = callLimit(1, 60_000)
  await using worker = await TaskWorker.start({ mode: 'thread', maxWorkers: 1, limits })
  const handle = worker.submit((x: number) => x, 1)
  const started = Promise.withResolvers<void>()
  worker.on('started', () => started.resolve())
  await started.promise
  expect(limits.stats().used).toBe(1)
  await handle.cancel()
  expect(worker.stats().dispatched).toBe(0)
  expect(limits.stats().used).toBe(0)
})
