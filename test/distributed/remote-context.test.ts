import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { limitPool, limits, rateLimit, resourceLimit } from '../../src/index.ts'
import { task } from '../../src/worker.ts'
import { about, settle, takeAside, takeMore, takeTooMuch } from '../fixtures/bullmq/functions.ts'
import { until } from '../harness.ts'
import { cleanUp } from '../servers/clean-up.ts'
import { describeEachServer } from '../servers/describe-each-server.ts'
import { queueName } from '../servers/queues.ts'
import { temporaryFolder } from '../servers/temporary-folder.ts'
import { failureOf } from '../work.ts'
import { eventCount } from './faults/engine.ts'
import { startWorker, type WorkerProcess } from './worker-process.ts'

const FUNCTIONS = new URL('../fixtures/bullmq/functions.ts', import.meta.url)

describeEachServer('what a function elsewhere knows of its task', server => {
  const { url: connection } = server
  const modes = ['async', 'thread', 'process'] as const
  const queues = Object.fromEntries(modes.map(mode => [mode, queueName(`context-${mode}`)]))
  const workers: WorkerProcess[] = []

  beforeAll(async () => {
    const starting = modes.map(mode =>
      startWorker(FUNCTIONS, { connection, queue: queues[mode] as string, mode, maxTasks: 2 }),
    )
    workers.push(...(await Promise.all(starting)))
  })
  afterAll(async () => {
    await Promise.all(workers.map(worker => worker[Symbol.asyncDispose]()))
    await Promise.all(Object.values(queues).map(queue => cleanUp(server, queue)))
  })

  it.each(modes)('is its id, its name and its attempt, in the mode %s', async mode => {
    const make = () => task(about, { mode: 'distributed', connection, queue: queues[mode] as string, retry: 1 })
    // The worker has had more calls than this caller has made.
    await using other = make()
    await using made = make()
    await Promise.all([other(), other(), other()])
    const handle = made()
    expect(await handle).toEqual({ id: handle.id, name: 'about', attempt: 1 })
  })

  it.each(modes)('are its limits, which are with its caller, in the mode %s', async mode => {
    const tokens = rateLimit({ key: 'tokens', capacity: 100, per: 3_600_000 })
    const where = { mode: 'distributed', connection, queue: queues[mode] as string } as const
    await using made = task(takeMore, { ...where, limits: tokens, cost: { tokens: 1 } })
    expect(await made(10)).toBe('took 10')
    expect(Math.round(tokens.stats().used)).toBe(11)
    expect(await failureOf(made(1_000))).toBeInstanceOf(RangeError)
    await using settled = task(settle, { ...where, limits: limitPool([limits([]), tokens]), cost: { tokens: 1 } })
    expect([await settled(500), await settled(150)]).toEqual([0, 1])
    expect(Math.round(tokens.stats().used)).toBe(12 + 150)
  })

  it('are no more than is left beside what was taken for it', async () => {
    const tokens = resourceLimit({ key: 'tokens', capacity: 5 })
    const where = { mode: 'distributed', connection, queue: queues.async as string } as const
    await using made = task(takeMore, { ...where, limits: tokens, cost: { tokens: 3 } })
    expect(await failureOf(made(3))).toMatchObject({ code: 'ERR_DEADLOCK' })
    expect(await made(2)).toBe('took 2')
    expect(tokens.stats()).toMatchObject({ used: 0, waiting: 0 })
  })

  it('are not given to a call that is over, which would connect anew for it', async () => {
    const queue = queues.async as string
    const tokens = resourceLimit({ key: 'tokens', capacity: 1 })
    const where = { mode: 'distributed', connection, queue } as const
    const gate = join(temporaryFolder(), 'gate')
    const held = await tokens.acquire()
    const callers = () => eventCount(server, queue, 'caller')
    const before = await callers()
    const made = task(takeAside, { ...where, limits: tokens, cost: { tokens: 0 } })
    const call = made(gate)
    await until(() => tokens.stats().waiting === 1)
    writeFileSync(gate, '')
    await call
    await made.stop()
    held.release()
    await until(() => tokens.stats().used === 0)
    await using other = task(about, where)
    await other()
    expect(await callers()).toBe(before + 2)
  })

  it.each(modes)('are not the limits of others, in the mode %s', async mode => {
    const where = { mode: 'distributed', connection, queue: queues[mode] as string } as const
    const tokens = resourceLimit({ key: 'tokens', capacity: 5 })
    await using made = task(takeTooMuch, { ...where, limits: tokens })
    expect(await failureOf(made())).toBeInstanceOf(RangeError)
    expect(tokens.stats()).toMatchObject({ used: 0, waiting: 0 })
    await using without = task(takeTooMuch, where)
    expect(await without()).toBeUndefined()
  })
})
