import { describe, expect, it } from 'vitest'
import { callLimit, perKey, TaskManager } from '../../src/index.ts'
import { settle } from '../../src/testing.ts'
import { until } from '../harness.ts'

async function collect(): Promise<void> {
  await settle()
  globalThis.gc?.()
  await settle()
}

describe('a hundred thousand keys', () => {
  it('cost little while they are in use, and nothing once they are idle', { timeout: 120_000 }, async () => {
    const [keys, per] = [100_000, 1]
    const manager = await TaskManager.start(50)
    const perHost = perKey((_: number) => callLimit(1, per))
    const wave = async () => {
      for (let host = 0; host < keys; host += 1) manager.spawn(() => {}, { limits: perHost(host) })
      globalThis.gc?.()
      const inUse = process.memoryUsage().heapUsed
      await manager.drain()
      return inUse
    }
    const heap = async () => {
      await until(async () => {
        await collect()
        return perHost.size < 100
      })
      await collect()
      return process.memoryUsage().heapUsed
    }
    await wave()
    const before = await heap()
    const inUse = await wave()
    expect((inUse - before) / keys).toBeLessThan(6_000)
    expect((await heap()) - before).toBeLessThan(2_000_000)
    await manager.close()
  })
})
