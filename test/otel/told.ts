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
  readonly links: readonly string[]
  readonly status: { readonly code: number; readonly message?: string }
  readonly milliseconds: number
  /** Epoch milliseconds. */
  readonly startedAt: number
}

export function told(span: ReadableSpan): Told {
  const { traceId, spanId } = span.spanContext()
  const milliseconds = ([seconds, nanoseconds]: readonly [number, number]) => seconds * 1_000 + nanoseconds / 1_000_000
  return {
    name: span.name,
    kind: SpanKind[span.kind],
    parent: span.parentSpanContext?.spanId,
    id: spanId,
    trace: traceId,
    attributes: span.attributes,
    events: span.events.map(({ name, attributes = {} }) => ({ name, attributes })),
    links: span.links.map(({ context }) => context.spanId),
    status: span.status,
    milliseconds: milliseconds(span.duration),
    startedAt: milliseconds(span.startTime),
  }
}
