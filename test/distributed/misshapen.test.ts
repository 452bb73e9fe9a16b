import { createPostgresBackend, Queue, Worker } from 'bullmq'
import { expect, it, onTestFinished } from 'vitest'
import { serve } from '../../src/bullmq.ts'
import { task } from '../../src/worker.ts'
import { echo } from '../fixtures/bullmq/functions.ts'
import { until } from '../harness.ts'
import { withRedis } from '../servers/data.ts'
import { describeEachServer, describeOn } from '../servers/describe-each-server.ts'
import { ownQueue } from '../servers/queues.ts'
import type { TestServer } from '../servers/test-server.ts'
import { failureOf } from '../work.ts'

const UNREADABLE = expect.stringMatching(/^what arrived can't be read/)

/** The queue as anybody reaches it. */
function engineQueue({ kind, url }: TestServer, name: string): Queue {
  const connection = kind === 'redis' ? { url } : { connectionString: url }
  const queue = new Queue(
    name,
    { connection } as never,
    (kind === 'postgres' ? createPostgresBackend : undefined) as never,
  )
  onTestFinished(() => queue.close())
  return queue
}

describeEachServer('a job that is no call', server => {
  it('fails once, whatever its options say, and is not run', async () => {
    const where = { connection: server.url, queue: ownQueue(server) }
    const queue = engineQueue(server, where.queue)
    const task = [1, 1]
    const data: unknown[] = [
      5,
      'text',
      [],
      {},
      { args: 5, task },
      { args: 'j[]' },
      { args: 'j[]', task: { length: 2 } },
      { args: 'j[]', task, timeout: -1 },
      { args: 'j[]', task, cache: ['key'] },
      { args: 'j[]', task, origin: 'traceparent' },
      { args: 'j[]', task, origin: { traceparent: 1 } },
      { args: 'j{"length":100000000}', task },
      { args: 'j{"a":1}', task },
      { args: 'j"abc"', task },
      { args: 'j[', task },
      { args: 'x', task },
    ]
    const jobs = await queue.addBulk(data.map(each => ({ name: 'spy', data: each, opts: { attempts: 3, backoff: 1 } })))
    let runs = 0
    await using _worker = await serve(
      [
        function spy() {
          runs += 1
        },
      ],
      where,
    )
    await until(async () => (await queue.getFailedCount()) === jobs.length)
    for (const job of await queue.getFailed()) {
      expect(job.attemptsMade).toBe(1)
      expect(job.failedReason).toMatch(/^SerializationError: (what arrived can't be read|a job has data of)/)
    }
    expect(runs).toBe(0)
  })
})

describeEachServer('a call', server => {
  it('fails clearly when another library has run it', async () => {
    const where = { connection: server.url, queue: ownQueue(server) }
    const other = new Worker(
      where.queue,
      async () => 5,
      (server.kind === 'redis'
        ? { connection: { url: server.url } }
        : { connection: { connectionString: server.url } }) as never,
      (server.kind === 'postgres' ? createPostgresBackend : undefined) as never,
    )
    onTestFinished(() => other.close())
    const call = task(echo<number>, { ...where, mode: 'distributed', logger: false })
    onTestFinished(async () => void (await call.close({ timeout: 0 })))
    expect(await failureOf(call(1))).toMatchObject({ code: 'ERR_SERIALIZATION', message: UNREADABLE })
  })

  it('is not misled by events that make no sense', async () => {
    const where = { connection: server.url, queue: ownQueue(server) }
    const queue = engineQueue(server, where.queue)
    const logged: string[] = []
    const logger = { error: (_: unknown, message: string) => logged.push(message) }
    const made = task(echo<number>, { ...where, mode: 'distributed', logger })
    onTestFinished(async () => void (await made.close({ timeout: 0 })))
    const call = made(1)
    const [job] = await until(async () => {
      const waiting = await queue.getWaiting()
      return waiting.length > 0 && waiting
    })
    const jobId = job?.id as string
    for (const event of [
      { event: 'completed', jobId, returnvalue: '{' },
      { event: 'completed', jobId, returnvalue: '5' },
      { event: 'completed', jobId },
      { event: 'progress', jobId, data: '{' },
      { event: 'progress', jobId, data: '{"completed":"all"}' },
      { event: 'worker', id: 'x', slots: 'many', functions: '{' },
      { event: 'ask', jobId, request: '1', what: 'nothing' },
      { event: 'constructor', jobId },
      { event: '__proto__', jobId },
    ]) {
      await queue.getBackend().publishEvent(event as never, 1_000)
    }
    await using _worker = await serve([echo], where)
    expect(await call).toBe(1)
    expect(logged).toEqual([])
  })
})

describeOn('redis', 'what a Redis keeps of a job that is no JSON', server => {
  it('as its data, fails the job', async () => {
    const where = { connection: server.url, queue: ownQueue(server) }
    const queue = engineQueue(server, where.queue)
    const { id } = await queue.add('echo', {})
    await withRedis(server.url, redis => redis.hset(`bull:${where.queue}:${id}`, 'data', '{'))
    await using _worker = await serve([echo], where)
    await until(async () => (await queue.getFailedCount()) === 1)
  })

  it('as its result, fails the call', async () => {
    const where = { connection: server.url, queue: ownQueue(server) }
    const queue = engineQueue(server, where.queue)
    const made = task(echo<number>, { ...where, mode: 'distributed', logger: false })
    onTestFinished(async () => void (await made.close({ timeout: 0 })))
    const failure = failureOf(made(1))
    const id = await until(async () => (await queue.getWaiting())[0]?.id)
    await withRedis(server.url, async redis => {
      await redis.hset(`bull:${where.queue}:${id}`, 'returnvalue', '{')
      await redis.lrem(`bull:${where.queue}:wait`, 1, String(id))
      await redis.zadd(`bull:${where.queue}:completed`, Date.now(), String(id))
      await redis.xadd(`bull:${where.queue}:events`, '*', 'event', 'completed', 'jobId', String(id), 'returnvalue', '{')
    })
    expect(await failure).toMatchObject({ code: 'ERR_SERIALIZATION', message: UNREADABLE })
  })
})
