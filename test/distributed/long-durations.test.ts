import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { serve } from '../../src/bullmq.ts'
import { TaskTimeoutError } from '../../src/index.ts'
import { task } from '../../src/worker.ts'
import { describeEachServer } from '../servers/describe-each-server.ts'
import { ownQueue, queueName } from '../servers/queues.ts'
import { KINDS, sharedOf } from './limits/kinds.ts'

/** More than a timer, a whole number and the date of any server take. */
const AGES = 1e25

describeEachServer('durations of ages', server => {
  let warnings: Error[]
  beforeEach(() => {
    warnings = []
    const heard = (warning: Error) => void warnings.push(warning)
    process.on('warning', heard)
    onTestFinished(() => void process.off('warning', heard))
  })

  it('make no short timer, and keep what is kept', async () => {
    const where = { connection: server.url, queue: ownQueue(server), connectTimeout: AGES }
    let runs = 0
    function count(): number {
      runs += 1
      return runs
    }
    const service = await serve([count], { ...where, lockDuration: AGES, closeTimeout: AGES, cleanupTimeout: AGES })
    onTestFinished(async () => void (await service.close({ timeout: 0 })))
    const call = task(count, { ...where, mode: 'distributed', logger: false })
    onTestFinished(async () => void (await call.close({ timeout: 0 })))
    const kept = call.with({ cache: { ttl: AGES }, timeout: AGES })
    expect([await kept(), await kept()]).toEqual([1, 1])
    expect(warnings).toEqual([])
  })

  it.each(KINDS)('make no short limit: %s', async kind => {
    const where = { connection: server.url, name: queueName(), lease: AGES, connectTimeout: AGES }
    const limit = sharedOf(kind, 2, AGES, where)
    onTestFinished(() => limit.close())
    const permit = await limit.acquire()
    await limit.acquire()
    await expect(limit.acquire({}, { timeout: 1 })).rejects.toThrow(TaskTimeoutError)
    permit.release()
    expect(warnings).toEqual([])
  })
})
