import { expect, it, onTestFinished, vi } from 'vitest'
import { serverOf } from '../../../src/connection/target.ts'
import { BrokerConnection } from '../../../src/distributed/bullmq/broker-connection.ts'
import { JobAdder } from '../../../src/distributed/call/job-adder.ts'
import { describeOn } from '../../servers/describe-each-server.ts'
import { ownQueue } from '../../servers/queues.ts'

describeOn('postgres', 'jobs that are added together', server => {
  async function scene() {
    const options = { connectTimeout: 10_000, prefix: undefined }
    const opened = await BrokerConnection.open(serverOf(server.url), options, () => {})
    onTestFinished(() => opened.close())
    const queue = opened.queue(ownQueue(server, 'job-adder'))
    const steps = vi.spyOn(queue, 'addBulk')
    const adder = new JobAdder(queue, true)
    const add = (jobId: string, args: string) => adder.add('fn', { args, task: [1, 1] }, { jobId })
    return { queue, steps, adder, add }
  }

  it('join the first of their key, though each has a connection of its own', async () => {
    const { adder } = await scene()
    const keys = Array.from({ length: 40 }, (_, n) => `key-${n}`)
    const add = (key: string, n: number) =>
      adder.add('fn', { args: 'j1', task: [1, 1] }, { jobId: `${key}-${n}`, deduplication: { id: key } })
    const ids = await Promise.all(keys.flatMap(key => [1, 2, 3].map(n => add(key, n))))
    expect(ids).toEqual(keys.flatMap(key => Array(3).fill(`${key}-1`)))
  })

  it('come in steps of so many jobs', async () => {
    const { queue, steps, add } = await scene()
    const ids = Array.from({ length: 1_200 }, (_, n) => `job-${n}`)
    expect(await Promise.all(ids.map(id => add(id, 'j1')))).toEqual(ids)
    expect(steps.mock.calls.map(([jobs]) => jobs.length)).toEqual([500, 500, 196])
    expect(await queue.getWaitingCount()).toBe(1_200)
  })

  it('come in steps of so much text', async () => {
    const { queue, steps, add } = await scene()
    const large = `j"${'x'.repeat(2 ** 20)}"`
    await Promise.all(Array.from({ length: 14 }, (_, n) => add(`job-${n}`, large)))
    expect(steps.mock.calls.map(([jobs]) => jobs.length)).toEqual([4, 4, 2])
    expect(await queue.getWaitingCount()).toBe(14)
  })

  it('are added though the server refuses one of them', async () => {
    const { queue, add } = await scene()
    const none = '\u0000'
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(id => add(id, id === 'f' ? none : 'j1')),
    )
    expect(outcomes.map(({ status }) => status)).toEqual([...Array(5).fill('fulfilled'), 'rejected', 'fulfilled'])
    expect(await queue.getWaitingCount()).toBe(6)
  })
})
