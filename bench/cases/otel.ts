import { context, metrics, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base'
import { compare } from '../compare.ts'
import { instrument, TaskManager } from '../taskscope.ts'
import type { CaseResult } from '../types.ts'
import { many, slots, work } from '../workload.ts'

const tasks = many(50_000)

/**
 * What `taskscope/otel` costs those who do not call it, who do not any more, and who do: without an SDK, and with the real
 * one, whose own price is what the same spans, events and histograms cost that are made by hand.
 */
export default async function otel(rounds: number): Promise<CaseResult> {
  const rows = await compare({ ours, peers, tasks, rounds })
  return { title: `spawn ${tasks} promise tasks and drain, ${slots} slots, traced or not`, rows }
}

async function run(make: () => () => unknown = () => work): Promise<void> {
  const manager = await TaskManager.start(slots)
  for (let count = 0; count < tasks; count++) manager.spawn(make())
  await manager.drain()
  await manager.close()
}

/** Keeps nothing: what sending costs is not asked here. */
const exporter: SpanExporter = { export: (_, done) => done({ code: 0 }), shutdown: async () => {} }

async function withSdk(body: () => Promise<void>): Promise<void> {
  const spans = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] })
  trace.setGlobalTracerProvider(spans)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  metrics.setGlobalMeterProvider(new MeterProvider())
  await body()
  for (const api of [trace, context, metrics]) api.disable()
  await spans.shutdown()
}

/** As a user would write it around each task. */
async function byHand(): Promise<void> {
  const tracer = trace.getTracer('bench')
  const meter = metrics.getMeter('bench')
  const [waits, runs] = [meter.createHistogram('wait'), meter.createHistogram('run')]
  let id = 0
  await run(() => {
    id += 1
    const submittedAt = performance.now()
    const attributes = {
      'taskscope.task.id': id,
      'taskscope.task.name': `task ${id}`,
      'messaging.system': 'taskscope',
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'run',
      'messaging.message.id': String(id),
      'messaging.destination.name': 'manager',
      'taskscope.manager': 'manager',
    }
    const active = context.active()
    const span = tracer.startSpan('task', { kind: SpanKind.INTERNAL, attributes, startTime: Date.now() }, active)
    const within = trace.setSpan(active, span)
    return () =>
      context.with(within, async () => {
        const startedAt = performance.now()
        waits.record((startedAt - submittedAt) / 1_000, { 'taskscope.manager': 'manager' })
        span.addEvent('started', { 'taskscope.task.attempt': 1 }, Date.now())
        await work()
        runs.record((performance.now() - startedAt) / 1_000, { 'taskscope.manager': 'manager' })
        span.setAttribute('taskscope.task.status', 'done')
        span.setAttribute('taskscope.task.attempts', 1)
        span.end(Date.now())
      })
  })
}

async function instrumented(): Promise<void> {
  using _ = instrument()
  await run()
}

const ours = { name: 'taskscope, not instrumented', run: () => run() }

const peers = [
  {
    name: 'after an instrumentation was disposed',
    goal: 1.02,
    async run() {
      instrument().dispose()
      await run()
    },
  },
  { name: 'instrumented, without an SDK', run: instrumented },
  { name: 'instrumented, with the SDK', run: () => withSdk(instrumented) },
  { name: 'with the SDK, the same by hand and not instrumented', run: () => withSdk(byHand) },
]
