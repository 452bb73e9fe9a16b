import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { serve, shared } from '../../../src/bullmq.ts'
import { ConnectionError } from '../../../src/connection/errors.ts'
import { rateLimit, resourceLimit } from '../../../src/index.ts'
import { task } from '../../../src/worker.ts'
import { waits } from '../../fixtures/bullmq/fault-functions.ts'
import { echo } from '../../fixtures/bullmq/functions.ts'
import { until } from '../../harness.ts'
import { withRedis } from '../../servers/data.ts'
import { describeOwn } from '../../servers/describe-each-server.ts'
import { freePort } from '../../servers/free-port.ts'
import { ownQueue } from '../../servers/queues.ts'
import { delay, failureOf } from '../../work.ts'
import { LOCK, Scene } from './scene.ts'

const LIMITED = 'redis://limited:pw@'

interface Fault {
  readonly code: string
  /** Brings the server into that state. */
  readonly make: (redis: Redis, queue: string) => Promise<unknown>
  /** The user of the URL, where it is another one. */
  readonly as?: string
}

const FAULTS: readonly Fault[] = [
  { code: 'NOREPLICAS', make: redis => redis.config('SET', 'min-replicas-to-write', '1') },
  { code: 'OOM', make: redis => redis.config('SET', 'maxmemory', '1') },
  { code: 'MISCONF', make: failSaving },
  { code: 'READONLY', make: async redis => redis.replicaof('127.0.0.1', await freePort()) },
  {
    code: 'NOPERM',
    as: LIMITED,
    make: redis => redis.acl('SETUSER', 'limited', 'on', '>pw', '~*', '&*', '+@all', '-info', '-eval', '-evalsha'),
  },
  {
    code: 'WRONGTYPE',
    make: (redis, queue) => redis.mset(`bull:${queue}:wait`, 'x', ...['lease', 'token-bucket'].flatMap(keyOf(queue))),
  },
]

function keyOf(queue: string) {
  return (kind: string) => [`{taskscope:limit:${queue}}:${kind}`, 'x']
}

async function failSaving(redis: Redis): Promise<void> {
  const [, folder = ''] = (await redis.config('GET', 'dir')) as string[]
  mkdirSync(join(folder, 'dump.rdb'))
  await redis.config('SET', 'save', '3600 1')
  await redis.set('unsaved', 1)
  await redis.bgsave()
  await until(async () => /rdb_last_bgsave_status:err/.test(await redis.info('persistence')))
}

describeOwn('redis', 'what a server refuses', ({ start }) => {
  it.each(FAULTS)('is said with its code to callers, workers and limits: $code', async fault => {
    const server = await start()
    onTestFinished(() => server[Symbol.asyncDispose]())
    const queue = ownQueue(server, 'refusals')
    await withRedis(server.url, redis => fault.make(redis, queue))
    const connection = server.url.replace('redis://', fault.as ?? 'redis://')
    const refusal = { code: 'ERR_CONNECTION', serverCode: fault.code, message: expect.stringContaining('127.0.0.1') }

    const call = task(echo, { mode: 'distributed', name: 'echo', queue, connection })
    onTestFinished(async () => void (await call.stop()))
    const failure = await failureOf(call(1))
    expect(failure).toBeInstanceOf(ConnectionError)
    expect(failure).toMatchObject(refusal)

    for (const limit of [
      rateLimit({ key: 'requests', capacity: 1, per: 1_000, algorithm: 'token-bucket' }),
      // A script that has deleted something may go on where memory is short.
      ...(fault.code === 'OOM' ? [] : [resourceLimit({ key: 'units', capacity: 1 })]),
    ]) {
      const counted = shared(limit, { connection, name: queue })
      onTestFinished(() => counted.close())
      expect(await failureOf(counted.acquire())).toMatchObject(refusal)
    }

    const log: string[] = []
    const logger = { error: (error: unknown, message: string) => void log.push(`${message}: ${error}`) }
    const served = await serve([echo], { queue, connection, logger }).catch(error => error)
    if (served instanceof Error) expect(served).toMatchObject(refusal)
    else {
      onTestFinished(async () => void (await served.close({ timeout: 0 })))
      await until(() => log.length > 0)
      // Long enough for thousands of looks for a job.
      await delay(1_500)
      expect(log.length).toBeLessThan(5)
      expect(log.join()).toContain(fault.code)
    }
  })
})

/** How a server is brought into a state in which it takes no result, and out of it. */
const FULL = [
  ['OOM', 'maxmemory', '1', '0'],
  ['NOREPLICAS', 'min-replicas-to-write', '1', '0'],
] as const

describeOwn('redis', 'a result that the server refuses', ({ start }) => {
  it.each(FULL)('is not lost, and said about once: %s', async (code, setting, full, well) => {
    const { scene, server } = await Scene.onOwn(start)
    const log: string[] = []
    const logger = { error: (error: unknown, message: string) => void log.push(`${message}: ${error}`) }
    const options = { connection: server.url, queue: scene.queue, lockDuration: LOCK, logger }
    const service = await serve([waits], options)
    onTestFinished(async () => void (await service.close({ timeout: 0 })))
    const caller = await scene.caller()
    const call = caller.submit(waits, scene.folder, 'a')
    await scene.noted('started', 'a')
    const set = (value: string) => withRedis(server.url, redis => redis.config('SET', setting, value))
    await set(full)
    scene.open('a-1')
    scene.open('a-2')
    await until(() => log.some(line => line.includes(code)))
    await set(well)
    expect(await call).toBe(process.pid)
    expect(log.length).toBeLessThan(5)
    // Where it could not be written it was not kept: the job came back when its lock was over.
    expect(scene.notes('started').length).toBeLessThanOrEqual(2)
  })
})
