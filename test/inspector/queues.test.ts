import { expect, it } from 'vitest'
import { serve } from '../../src/bullmq.ts'
import { task } from '../../src/worker.ts'
import { until } from '../harness.ts'
import { describeEachServer } from '../servers/describe-each-server.ts'
import { ownQueue } from '../servers/queues.ts'
import { firstPicture, opened } from './set-up.ts'

describeEachServer('a queue on another machine', server => {
  it('is shown with what it holds, on both sides', async () => {
    const where = { connection: server.url, queue: ownQueue(server) }
    const gate = Promise.withResolvers<void>()
    const wait = async () => gate.promise
    await using caller = task(wait, { ...where, mode: 'distributed', name: 'wait' })
    const handler = opened({ caller })
    const queueOf = async (name: string) => {
      const { targets } = await firstPicture(handler)
      return targets.find((target: { name: string }) => target.name === name).queue
    }
    expect(await queueOf('caller')).toEqual({ name: where.queue, calls: 0 })
    const calls = [caller(), caller(), caller()]
    await using service = await serve([wait], { ...where, maxTasks: 1 })
    const there = opened({ service })
    const held = { waiting: 2, active: 1, delayed: 0, failed: 0 }
    await until(async () => JSON.stringify((await queueOf('caller')).counts) === JSON.stringify(held))
    expect(await queueOf('caller')).toEqual({ name: where.queue, calls: 3, counts: held })
    await until(async () => (await firstPicture(there)).targets[0].queue.counts?.active === 1)
    gate.resolve()
    await Promise.all(calls)
  })
})
