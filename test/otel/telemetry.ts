import { context, metrics, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { onTestFinished } from 'vitest'
import { type InstrumentOptions, instrument } from '../../src/otel.ts'
import { told } from './told.ts'

/** The real SDK, registered for the running test, and the spans that have ended. */
export function telemetry(options?: InstrumentOptions) {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  const instrumentation = instrument(options)
  onTestFinished(() => {
    instrumentation.dispose()
    trace.disable()
    context.disable()
    propagation.disable()
    metrics.disable()
  })
  const tracer = provider.getTracer('test')
  return {
    tracer,
    instrumentation,
    spans: () => exporter.getFinishedSpans().map(told),
    span: (name: string) => {
      const found = exporter.getFinishedSpans().filter(one => one.name === name)
      if (found.length !== 1) throw new Error(`${found.length} spans are called ${name}`)
      return told(found[0] as ReadableSpan)
    },
    /** Runs `body` within a span of its own, and gives that. */
    within: async (name: string, body: () => unknown) =>
      tracer.startActiveSpan(name, async span => {
        await body()
        span.end()
      }),
  }
}
