import type { Redis } from 'ioredis'
import { expect, it, onTestFinished, vi } from 'vitest'
import { serve } from '../../../src/bullmq.ts'
import { echo } from '../../fixtures/bullmq/functions.ts'
import { settle } from '../../harness.ts'
import { withRedis } from '../../servers/data.ts'
import { describeOwn } from '../../servers/describe-each-server.ts'
import { ownQueue } from '../../servers/queues.ts'

/** How often a server has refused to look for a job, which is for writing as well. */
async function refusals(redis: Redis): Promise<number> {
  const [, count = '0'] = /errorstat_OOM:count=(\d+)/.exec(await redis.info('errorstats')) ?? []
  return Number(count)
}

describeOwn('redis', 'a worker whose looks for a job are refused', ({ start }) => {
  it('pauses after each', async () => {
    const server = await start()
    onTestFinished(() => server[Symbol.asyncDispose]())
    const queue = ownQueue(server, 'looks')
    const where = { connection: server.url, queue, lockDuration: 600, logger: false } as const
    const service = await serve([echo], where)
    onTestFinished(async () => void (await service.close({ timeout: 0 })))
    await withRedis(server.url, async redis => {
      // From here on a pause lasts until it is let go.
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      onTestFinished(() => void vi.useRealTimers())
      await redis.config('SET', 'maxmemory', '1')
      while ((await refusals(redis)) === 0) await settle()
      const before = await refusals(redis)
      for (let round = 0; round < 3_000; round += 1) await redis.ping()
      // Timers that were armed before may still write something, once each.
      expect((await refusals(redis)) - before).toBeLessThanOrEqual(2)
      while ((await refusals(redis)) < before + 2) {
        vi.advanceTimersByTime(1_000)
        await settle()
      }
    })
  })
})
