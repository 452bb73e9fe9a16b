import { expect, it } from 'vitest'
import type { LoadBalancing } from '../../../src/worker/pool/pool-worker.ts'
import { settle } from '../../harness.ts'
import { gatedPool } from './gated-pool.ts'

/** Three workers that are ready and idle; the first has had two calls more than the others. */
async function idleWorkers(loadBalancing: LoadBalancing, concurrencyPerWorker = 1) {
  const gated = gatedPool({ maxWorkers: 3, minWorkers: 3, loadBalancing, concurrencyPerWorker })
  await gated.ready()
  return gated
}

it('least-active fills all workers evenly', async () => {
  const { call, hosts, running } = await idleWorkers('least-active', 2)
  for (const id of [1, 2, 3, 4]) call(id)
  expect(running()).toEqual([[1, 4], [2], [3]])
  hosts[1]?.finish()
  await settle()
  call(5)
  expect(running()).toEqual([[1, 4], [5], [3]])
})

it('round-robin takes them in turn, and passes over those that are busy', async () => {
  const { call, hosts, running } = await idleWorkers('round-robin')
  call(1)
  hosts[0]?.finish()
  await settle()
  call(2)
  expect(running()).toEqual([[], [2], []])
  hosts[1]?.finish()
  await settle()
  call(3)
  call(4)
  expect(running()).toEqual([[4], [], [3]])
  call(5)
  expect(running()).toEqual([[4], [5], [3]])
})

it('least-total takes the one that had the fewest calls', async () => {
  const { call, hosts, running } = await idleWorkers('least-total')
  for (const id of [1, 2, 3]) {
    call(id)
    for (const host of hosts) host.finish()
    await settle()
  }
  call(4)
  for (const host of hosts) host.finish()
  await settle()
  call(5)
  expect(running()).toEqual([[], [5], []])
})

it('random takes any that is free, and each of them sometimes', async () => {
  const { call, hosts, running } = await idleWorkers('random')
  const taken = new Set<number>()
  for (let id = 0; taken.size < 3; id += 1) {
    call(id)
    taken.add(running().findIndex(calls => calls.length === 1))
    for (const host of hosts) host.finish()
    await settle()
  }
  call(1)
  call(2)
  call(3)
  expect(running().map(calls => calls.length)).toEqual([1, 1, 1])
})
