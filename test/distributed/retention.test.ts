import { afterAll, expect, it } from 'vitest'
import { serve } from '../../src/bullmq.ts'
import { task } from '../../src/worker.ts'
import { echo } from '../fixtures/bullmq/functions.ts'
import { until } from '../harness.ts'
import { withPostgres } from '../servers/data.ts'
import { describeOn } from '../servers/describe-each-server.ts'
import { ownQueue } from '../servers/queues.ts'
import { jobCounts } from './faults/engine.ts'

describeOn('postgres', 'jobs that have ended', server => {
  const open: AsyncDisposable[] = []
  afterAll(async () => {
    for (const each of open) await each[Symbol.asyncDispose]()
  })

  it('are kept for a while, and removed by the workers then', async () => {
    const where = { connection: server.url, queue: ownQueue(server, 'retention') }
    const first = await serve([echo], where)
    const call = task(echo<number>, { mode: 'distributed', name: 'echo', ...where })
    open.push(first, call as AsyncDisposable)
    await Promise.all([call(1), call(2), call(3)])
    expect(await jobCounts(server, where.queue)).toMatchObject({ completed: 3 })
    await withPostgres(server.url, client =>
      client.query(
        `UPDATE bullmq.job SET finished_at_ms = finished_at_ms - 61000
         WHERE id IN (SELECT id FROM bullmq.job WHERE queue = $1 LIMIT 2)`,
        [where.queue],
      ),
    )
    open.push(await serve([echo], where))
    await until(async () => (await jobCounts(server, where.queue)).completed === 1)
  })
})
