import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { type ServeOptions, serve } from '../../src/bullmq.ts'
import { type TaskFunction, task } from '../../src/worker.ts'
import { failOnce, gated, pid } from '../fixtures/bullmq/functions.ts'
import { until } from '../harness.ts'
import { describeEachOwnServer, describeEachServer, describeOn } from '../servers/describe-each-server.ts'
import { ownQueue, queueName } from '../servers/queues.ts'
import { temporaryFolder } from '../servers/temporary-folder.ts'
import { failureOf } from '../work.ts'

const FUNCTIONS = new URL('../fixtures/bullmq/functions.ts', import.meta.url)

function caller<A extends readonly unknown[], R>(fn: (...args: A) => R, where: ServeOptions): TaskFunction<A, R> {
  const made = task(fn, { ...where, mode: 'distributed' })
  onTestFinished(async () => void (await made.close({ timeout: 0 })))
  return made
}

function started(notes: string, times: number): Promise<unknown> {
  const lines = () => (existsSync(notes) ? readFileSync(notes, 'utf8').match(/^started/gm) : null) ?? []
  return until(() => lines().length === times)
}

describeEachServer('whether a service is ready', server => {
  it('is so until it is closed', async () => {
    const service = await serve([failOnce], { connection: server.url, queue: ownQueue(server) })
    expect(await Promise.all([service.ready(), service.ready()])).toEqual([true, true])
    const closed = service.close()
    expect(await service.ready()).toBe(false)
    await closed
    expect(await service.ready()).toBe(false)
  })
})

describeEachServer('the report of a service', server => {
  it('says how its calls ended, and how many went back to the queue', async () => {
    const folder = temporaryFolder()
    const [notes, gate] = [join(folder, 'notes'), join(folder, 'gate')]
    const where = { connection: server.url, queue: ownQueue(server) }
    const service = await serve([failOnce, gated, pid], where)
    expect(service.functions).toEqual(['failOnce', 'gated', 'pid'])
    const wait = caller(gated<string>, where)

    expect(await caller(pid, where)()).toBe(process.pid)
    expect(await failureOf(caller(failOnce, where)(notes))).toMatchObject({ message: 'first' })
    const calls = [wait(notes, gate, 'a'), wait(notes, gate, 'b'), wait(notes, gate, 'c')] as const
    await started(notes, 3)
    await calls[0].cancel()
    const report = await service.close({ timeout: 0 })
    expect(report).toEqual({ done: 1, failed: 1, cancelled: 1, givenBack: 2, abandoned: [] })

    writeFileSync(gate, '')
    await using other = await serve([gated], where)
    expect(await Promise.all(calls.slice(1))).toEqual(['b', 'c'])
    expect(await other.close()).toMatchObject({ done: 2, givenBack: 0 })
  })

  it('counts what is still running here although it went back', async () => {
    const folder = temporaryFolder()
    const [notes, gate] = [join(folder, 'notes'), join(folder, 'gate')]
    const where = { connection: server.url, queue: ownQueue(server), cleanupTimeout: 1 }
    const deaf = async () => {
      writeFileSync(notes, 'started\n')
      while (!existsSync(gate)) await new Promise(resolve => setTimeout(resolve, 5))
    }
    const service = await serve([deaf], where)
    const call = caller(deaf, where)()
    await started(notes, 1)
    const report = await service.close({ timeout: 0 })
    expect(report).toMatchObject({ done: 0, cancelled: 0, givenBack: 1, abandoned: [{ name: 'deaf' }] })
    writeFileSync(gate, '')
    await using _other = await serve([deaf], where)
    await call
  })

  it('comes from no module without functions', async () => {
    const path = join(temporaryFolder(), 'tasks.mjs')
    writeFileSync(path, 'export const answer = 42')
    const options = { connection: server.url, queue: ownQueue(server) }
    const failure = await failureOf(serve(pathToFileURL(path), options))
    expect(failure).toMatchObject({ code: 'ERR_SERIALIZATION', message: expect.stringContaining('has no functions') })
  })
})

describeOn('redis', 'a job that a service has given back', server => {
  it('is announced to other workers: none is to wait until it looks by itself', async () => {
    const folder = temporaryFolder()
    const [notes, gate] = [join(folder, 'notes'), join(folder, 'gate')]
    const where = { connection: server.url, queue: ownQueue(server) }
    const service = await serve([gated], where)
    // Without a priority the engine says so itself.
    caller(gated<string>, where)
      .with({ priority: 1 })(notes, gate, '')
      .catch(() => {})
    await started(notes, 1)
    await service.close({ timeout: 0 })
    const redis = new Redis(server.url)
    onTestFinished(() => redis.disconnect())
    expect(await redis.zrange(`bull:${where.queue}:marker`, 0, -1)).toEqual(['0'])
  })
})

describeEachOwnServer('a service whose server is away', ({ start }) => {
  it('closes all the same', async () => {
    await using server = await start()
    const logged: string[] = []
    const service = await serve(FUNCTIONS, {
      connection: server.url,
      queue: queueName(),
      logger: { error: (_, message) => logged.push(message) },
    })
    await server.stop()
    await until(() => logged.length > 0)
    expect(await service.close()).toMatchObject({ done: 0, givenBack: 0 })
    expect(logged).toEqual([expect.stringContaining("can't be reached")])
  })
})
