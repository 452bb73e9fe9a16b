import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { task } from '../../src/worker.ts'
import { startWorker, type WorkerProcess } from '../distributed/worker-process.ts'
import { activeInOperation, activeSpan, ended, fails, register } from '../fixtures/otel/functions.ts'
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
    const starting = modes.map(mode => startWorker(MODULE, { connection, queue: queues[mode], mode, maxTasks: 1 }))
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
})
