import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { task } from '../../src/worker.ts'
import { startWorker, type WorkerProcess } from '../distributed/worker-process.ts'
import {
  activeInOperation,
  activeSpan,
  atGate,
  ended,
  fails,
  gated,
  openGate,
  register,
} from '../fixtures/otel/functions.ts'
import { settle, until } from '../harness.ts'
import { cleanUp } from '../servers/clean-up.ts'
import { describeEachServer } from '../servers/describe-each-server.ts'
import { queueName } from '../servers/queues.ts'
import { telemetry } from './telemetry.ts'

const MODULE = new URL('../fixtures/otel/functions.ts', import.meta.url)

describe.skipIf(!process.features.typescript).each(['thread', 'process'] as const)('a call in a %s', mode => {
  it('has a span there, active in it and below its task here', async () => {
    await using register_ = task(register, { mode, module: MODULE, maxWorkers: 1 })
    await register_()
    const { span, within } = telemetry()
    let [there, inOperation]: unknown[] = []
    await within('outer', async () => {
      there = await register_.submit(activeSpan)
      inOperation = await register_.submit(activeInOperation)
    })
    await register_.submit(fails).catch(() => {})
    const spans = await register_.submit(ended)
    expect(spans.map(({ name, kind, id, parent, trace }) => ({ name, kind, id, parent, trace }))).toEqual([
      { name: 'activeSpan', kind: 'INTERNAL', id: there, parent: span('activeSpan').id, trace: span('outer').trace },
      {
        name: 'activeInOperation',
        kind: 'INTERNAL',
        id: inOperation,
        parent: span('activeInOperation').id,
        trace: span('outer').trace,
      },
      expect.objectContaining({ name: 'fails', parent: span('fails').id }),
    ])
    expect(spans[2]?.status).toMatchObject({ code: 2, message: 'there' })
  })
})

describeEachServer('a call on another machine', server => {
  const { url: connection } = server
  const modes = ['async', 'thread'] as const
  const queues = { async: queueName('otel-async'), thread: queueName('otel-thread') }
  const workers: WorkerProcess[] = []

  beforeAll(async () => {
    const starting = modes.map(mode => startWorker(MODULE, { connection, queue: queues[mode], mode, maxTasks: 2 }))
    workers.push(...(await Promise.all(starting)))
  })
  afterAll(async () => {
    await Promise.all(workers.map(worker => worker[Symbol.asyncDispose]()))
    await Promise.all(modes.map(mode => cleanUp(server, queues[mode])))
  })

  it.each(modes)('in the mode %s has a span there, active in it and below its task here', async mode => {
    await using there = task(register, { mode: 'distributed', connection, queue: queues[mode] })
    await there()
    const { span, within } = telemetry()
    let active: unknown
    await within('outer', async () => {
      active = await there.submit(activeSpan)
    })
    const spans = await there.submit(ended)
    const kind = mode === 'async' ? 'CONSUMER' : 'INTERNAL'
    expect(
      spans
        .filter(({ name }) => name === 'activeSpan')
        .map(({ kind, id, parent, trace }) => ({ kind, id, parent, trace })),
    ).toEqual([{ kind, id: active, parent: span('activeSpan').id, trace: span('outer').trace }])
  })

  it('is linked to the one that it has joined, as it has the same key', async () => {
    const where = { mode: 'distributed', connection, queue: queues.async } as const
    await using there = task(register, where)
    await there()
    const { span, within, spans } = telemetry()
    await using first = task(gated, { ...where, key: 'one' })
    await using second = task(gated, { ...where, key: 'one' })
    const calls: Promise<unknown>[] = []
    await within('outer', () => calls.push(first()))
    await until(async () => (await there.submit(atGate)) === 1)
    await within('other', () => calls.push(second()))
    await until(() => second.stats().active === 1)
    await there.submit(openGate)
    const [inside] = await Promise.all(calls)
    await settle()
    const below = (name: string) => spans().filter(one => one.name === 'gated' && one.parent === span(name).id)
    const [ran, joined] = [below('outer'), below('other')]
    expect([ran.length, joined.length]).toEqual([1, 1])
    expect(joined[0]?.links).toEqual([ran[0]?.id])
    expect(ran[0]?.links).toEqual([])
    const run = (await there.submit(ended)).filter(({ id }) => id === inside)
    expect(run.map(({ parent }) => parent)).toEqual([ran[0]?.id])
  })
})
