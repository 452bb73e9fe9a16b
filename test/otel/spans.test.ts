import { context, DiagLogLevel, diag, SpanStatusCode, trace } from '@opentelemetry/api'
import { sleep } from 'effection'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type TaskHandle, TaskManager, TaskRunner } from '../../src/index.ts'
import { instrument } from '../../src/otel.ts'
import { managerSettings } from '../../src/scheduler/manager-settings.ts'
import { Supervisor } from '../../src/scheduler/supervisor.ts'
import { TaskWorker } from '../../src/worker.ts'
import { settle } from '../harness.ts'
import { HOSTILE } from '../hostile.ts'
import { telemetry } from './telemetry.ts'

describe('a task', () => {
  it('has one span, below the one in which it was submitted, from then to its end', async () => {
    const { within, span, spans } = telemetry()
    await using manager = await TaskManager.start({ name: 'mails', maxTasks: 1 })
    let second: TaskHandle<unknown> | undefined
    await within('request', async () => {
      const first = manager.spawn(() => new Promise(resolve => setTimeout(resolve, 20)), { name: 'first' })
      second = manager.spawn(() => settle(), { name: 'send', type: 'mail' })
      await first
      await manager.drain()
    })
    await settle()
    expect(spans()).toHaveLength(3)
    expect(span('send')).toMatchObject({
      kind: 'INTERNAL',
      parent: span('request').id,
      trace: span('request').trace,
      attributes: {
        'taskscope.task.id': 2,
        'taskscope.task.name': 'send',
        'taskscope.task.type': 'mail',
        'taskscope.task.status': 'done',
        'taskscope.task.attempts': 1,
        'taskscope.manager': 'mails',
        'messaging.system': 'taskscope',
        'messaging.destination.name': 'mails',
        'messaging.message.id': '2',
        'messaging.operation.type': 'process',
      },
      events: [{ name: 'started', attributes: { 'taskscope.task.attempt': 1 } }],
      status: { code: SpanStatusCode.UNSET },
    })
    const { createdAt, endedAt = 0 } = (second as unknown as TaskHandle<unknown>).record()
    expect(span('send').milliseconds).toBeCloseTo(endedAt - createdAt, 1)
  })

  it('that nobody has submitted within a span is the root of a trace', async () => {
    const { spans } = telemetry()
    await using manager = await TaskManager.start()
    await manager.spawn(() => 1)
    expect(spans().map(({ name, parent }) => [name, parent])).toEqual([['task', undefined]])
  })

  it.each<[string, (inner: () => void) => () => unknown]>([
    ['gives a value', inner => inner],
    ['is a promise', inner => () => settle().then(inner)],
    [
      'is an operation',
      inner =>
        function* () {
          yield* sleep(1)
          inner()
        },
    ],
  ])('has its span active in work that %s', async (_, work) => {
    const { span, tracer, within } = telemetry()
    await using manager = await TaskManager.start()
    await within('outer', () =>
      manager.spawn(
        work(() => tracer.startSpan('inner').end()),
        { name: 'work' },
      ),
    )
    expect(span('inner').parent).toBe(span('work').id)
    expect(span('work').parent).toBe(span('outer').id)
    expect(trace.getSpan(context.active())).toBeUndefined()
  })

  it('is below the task that spawned it', async () => {
    const { span } = telemetry()
    await using manager = await TaskManager.start()
    await manager.spawn(() => manager.spawn(() => 1, { name: 'child' }), { name: 'parent' })
    expect(span('child').parent).toBe(span('parent').id)
  })

  it('that starts in the very call has its span, too', async () => {
    const { span, within, tracer } = telemetry()
    await using worker = await TaskWorker.start({ mode: 'sync', name: 'here' })
    await within('outer', () =>
      worker.submit(function now() {
        tracer.startSpan('inner').end()
      }),
    )
    expect(span('now')).toMatchObject({ parent: span('outer').id, attributes: { 'taskscope.manager': 'here' } })
    expect(span('inner').parent).toBe(span('now').id)
  })

  it('that never started has a span that says why', async () => {
    const { span, within } = telemetry()
    await using manager = await TaskManager.start({ autoStart: false })
    await within('outer', async () => {
      await manager
        .spawn(() => 1, { name: 'never' })
        .cancel('not wanted')
        .catch(() => {})
    })
    await settle()
    expect(span('never')).toMatchObject({
      parent: span('outer').id,
      attributes: {
        'taskscope.task.status': 'cancelled',
        'taskscope.task.cancel_reason': 'not wanted',
        'taskscope.task.attempts': 0,
      },
      events: [],
      status: { code: SpanStatusCode.UNSET },
    })
  })

  it('tells each attempt, and the error that ended it', async () => {
    const { span } = telemetry()
    await using runner = await TaskRunner.start({ onError() {} })
    const error = Object.assign(new RangeError('too much'), { code: 'E_MUCH' })
    await runner.submit(() => Promise.reject(error), { name: 'fails', retry: { retries: 1, wait: 1 } }).catch(() => {})
    await settle()
    const { events, status, attributes } = span('fails')
    expect(events.map(({ name }) => name)).toEqual(['started', 'exception', 'retrying', 'started', 'exception'])
    expect(events[1]?.attributes).toMatchObject({
      'exception.type': 'E_MUCH',
      'exception.message': 'too much',
      'exception.stacktrace': error.stack,
    })
    expect(attributes).toMatchObject({
      'error.type': 'E_MUCH',
      'taskscope.task.attempts': 2,
      'taskscope.task.status': 'failed',
    })
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'too much' })
  })

  it('tells that it was told to stop, and that its work went on', async () => {
    const { span } = telemetry()
    await using manager = await TaskManager.start({ cleanupTimeout: 1 })
    const gate = Promise.withResolvers<void>()
    const handle = manager.spawn(({ signal }) => gate.promise.then(() => signal.aborted), { name: 'deaf' })
    await settle()
    await handle.cancel()
    gate.resolve()
    await settle()
    expect(span('deaf').attributes).toMatchObject({ 'taskscope.task.abandoned': true })
    expect(span('deaf').events.map(({ name }) => name)).toContain('stopping')
  })

  it('tells that it stands still, and what it waits for', async () => {
    const { span } = telemetry()
    await using manager = await TaskManager.start({ stuckAfter: 1, logger: false })
    const gate = Promise.withResolvers<void>()
    const stuck = Promise.withResolvers<unknown>()
    manager.on('stuck', stuck.resolve)
    const handle = manager.spawn(() => gate.promise, { name: 'slow' })
    await stuck.promise
    gate.resolve()
    await handle
    await settle()
    expect(span('slow').events).toContainEqual({ name: 'stuck', attributes: { 'taskscope.task.waits_for': 'work' } })
  })

  it('is linked to those who have joined it by its key', async () => {
    const { span, within } = telemetry()
    await using manager = await TaskManager.start()
    const gate = Promise.withResolvers<void>()
    const handles: TaskHandle<void>[] = []
    const join = () => handles.push(manager.spawn(() => gate.promise, { name: 'keyed', key: 'one' }))
    await within('first', join)
    await within('second', join)
    join()
    gate.resolve()
    await Promise.all(handles)
    await settle()
    expect(span('keyed')).toMatchObject({ parent: span('first').id, links: [span('second').id] })
  })

  it('that was submitted before this process began has its span begin then', async () => {
    const { span } = telemetry()
    const settings = managerSettings({ name: 'again' })
    const supervisor = new Supervisor(settings)
    const task = supervisor.scheduler.spawn(() => 1, settings.defaults, { id: 7, createdAt: 1_000 })
    await task.handle
    await settle()
    expect(span('task').startedAt).toBeCloseTo(1_000, 0)
  })

  it('of two managers with one name, and the same id, each has its own', async () => {
    const { spans } = telemetry()
    await using one = await TaskManager.start({ name: 'same' })
    await using two = await TaskManager.start({ name: 'same' })
    await Promise.all([one.spawn(() => settle(), { name: 'a' }), two.spawn(() => settle(), { name: 'b' })])
    await settle()
    expect(
      spans()
        .map(({ name, events }) => [name, events.length])
        .sort(),
    ).toEqual([
      ['a', 1],
      ['b', 1],
    ])
  })

  it.each(Object.entries(HOSTILE))('may fail with %s', async (_, make) => {
    const { span } = telemetry()
    await using manager = await TaskManager.start({ logger: false })
    const handle = manager.spawn(
      () => {
        throw make()
      },
      { name: 'hostile', retry: { retries: 1, wait: 0 } },
    )
    await handle.then(
      () => {},
      () => {},
    )
    await settle()
    expect(span('hostile').status.code).toBe(SpanStatusCode.ERROR)
  })
})

describe('instrument', () => {
  it('ends with its disposal: open spans are ended, and no more are begun', async () => {
    const { spans, instrumentation } = telemetry()
    await using manager = await TaskManager.start()
    const gate = Promise.withResolvers<void>()
    const handle = manager.spawn(() => gate.promise, { name: 'open' })
    await settle()
    instrumentation.dispose()
    expect(spans().map(({ name }) => name)).toEqual(['open'])
    gate.resolve()
    await handle
    await manager.spawn(() => 1)
    await settle()
    expect(spans()).toHaveLength(1)
  })

  it('is refused while it is active, and possible again after', () => {
    const { instrumentation } = telemetry()
    expect(() => instrument()).toThrow('instrument() is active already')
    instrumentation.dispose()
    instrument().dispose()
  })

  it('refuses wrong options, and is not active then', () => {
    expect(() => instrument({ target: [] } as never)).toThrow(TypeError)
    expect(() => instrument({ targets: [5 as never] })).toThrow('a target must be')
    instrument().dispose()
  })

  it('leaves tasks alone when the SDK throws, and says so by diag', async () => {
    const errors: unknown[] = []
    diag.setLogger(
      { error: (...args) => errors.push(args), warn() {}, info() {}, debug() {}, verbose() {} },
      DiagLogLevel.ERROR,
    )
    onTestFinished(() => diag.disable())
    const broken = () => {
      throw new Error('the SDK')
    }
    const uncaught = vi.fn()
    process.on('uncaughtException', uncaught)
    onTestFinished(() => void process.off('uncaughtException', uncaught))
    using _ = instrument({ tracerProvider: { getTracer: () => ({ startSpan: broken, startActiveSpan: broken }) } })
    await using manager = await TaskManager.start()
    expect(await manager.spawn(() => 5)).toBe(5)
    await settle()
    expect(errors.length).toBeGreaterThan(0)
    expect(uncaught).not.toHaveBeenCalled()
  })

  it('does without an SDK', async () => {
    using _ = instrument()
    await using manager = await TaskManager.start()
    expect(await manager.spawn(async () => 5)).toBe(5)
  })
})
