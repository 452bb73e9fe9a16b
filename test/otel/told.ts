import { SpanKind } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'

/** A span as plain data. */
export interface Told {
  readonly name: string
  readonly kind: string
  readonly parent: string | undefined
  readonly id: string
  readonly trace: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[]
  readonly status: { readonly code: number; readonly message?: string }
  readonly milliseconds: number
}

export function told(span: ReadableSpan): Told {
  const { traceId, spanId } = span.spanContext()
  const [seconds, nanoseconds] = span.duration
  return {
    name: span.name,
    kind: SpanKind[span.kind],
    parent: span.parentSpanContext?.spanId,
    id: spanId,
    trace: traceId,
    attributes: span.attributes,
    events: span.events.map(({ name, attributes = {} }) => ({ name, attributes })),
    status: span.status,
    milliseconds: seconds * 1_000 + nanoseconds / 1_000_000,
  }
}
