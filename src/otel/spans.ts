import {
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { messageOf } from '../base/thrown.ts'
import type { Carrier, RunTrace } from '../task/run-trace.ts'
import type { TaskHandle, TaskRecord } from '../task/types.ts'
import { errorType, exceptionAttributes, spanName } from './attributes.ts'

/** What comes on the channel `taskscope:task`; events of a manager are of no task. */
export interface TaskMessage {
  readonly type: string
  readonly manager: string
  readonly record?: TaskRecord
  readonly handle?: TaskHandle<unknown>
  readonly origin?: Carrier | undefined
}

interface Open {
  readonly span: Span
  /** In which the work runs. */
  readonly within: Context
}

/** One span for each task, by its handle; inside a worker one for each call, which is known by its trace. */
export class Spans {
  readonly #tracer: Tracer
  readonly #open = new Map<object, Open>()

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  event({ type, manager, record, handle, origin }: TaskMessage): void {
    if (record === undefined || handle === undefined) return
    if (type === 'submitted') return this.#submitted(handle, record, manager, origin)
    const span = this.#open.get(handle)?.span
    if (span === undefined) return
    const { status, updatedAt, attempt, attempts } = record
    if (type === 'started') span.addEvent('started', { 'taskscope.task.attempt': attempt }, updatedAt)
    else if (type === 'retrying') {
      const last = attempts.at(-1)
      if (last?.error !== undefined) span.addEvent('exception', exceptionAttributes(last.error), last.endedAt)
      span.addEvent('retrying', { 'taskscope.task.attempt': attempt }, updatedAt)
    } else if (type === 'stopping' || type === 'abandoned') span.addEvent(type, {}, updatedAt)
    else if (status === type) this.#end(handle, span, record)
  }

  /** In the context of who has submitted it. */
  #submitted(handle: object, record: TaskRecord, manager: string, origin: Carrier | undefined): void {
    const { span } = this.#open.get(handle) ?? this.#start(handle, record, record.createdAt, origin, SpanKind.CONSUMER)
    span.setAttributes({ 'taskscope.manager': manager, 'messaging.destination.name': manager })
  }

  /** Here the context is that of who has submitted it, too; of a task that starts in that very call, nothing was told yet. */
  started(run: RunTrace): void {
    const { handle, origin } = run
    const open =
      handle === undefined
        ? this.#start(run, run, undefined, origin, SpanKind.INTERNAL)
        : (this.#open.get(handle) ??
          this.#start(handle, handle.record(), handle.record().createdAt, origin, SpanKind.CONSUMER))
    run.within = work => context.with(open.within, work)
    run.carry = () => {
      const carrier: Record<string, string> = {}
      propagation.inject(open.within, carrier)
      return carrier
    }
  }

  /** A call inside a worker. */
  ended(run: RunTrace): void {
    const open = this.#open.get(run)
    if (open === undefined) return
    this.#open.delete(run)
    if ('error' in run) failed(open.span, run.error)
    open.span.end()
  }

  #start(
    key: object,
    { id, name, type }: Pick<TaskRecord, 'id' | 'name' | 'type'> | RunTrace,
    startTime: number | undefined,
    origin: Carrier | undefined,
    kindElsewhere: SpanKind,
  ): Open {
    const parent = origin === undefined ? context.active() : propagation.extract(context.active(), origin)
    const span = this.#tracer.startSpan(
      spanName(name, type),
      {
        kind: origin === undefined ? SpanKind.INTERNAL : kindElsewhere,
        ...(startTime !== undefined && { startTime }),
        attributes: {
          'taskscope.task.id': id,
          'taskscope.task.name': name,
          ...(type !== undefined && { 'taskscope.task.type': type }),
          'messaging.system': 'taskscope',
          'messaging.operation.type': 'process',
          'messaging.operation.name': 'run',
          'messaging.message.id': String(id),
        },
      },
      parent,
    )
    const open = { span, within: trace.setSpan(parent, span) }
    this.#open.set(key, open)
    return open
  }

  #end(handle: object, span: Span, record: TaskRecord): void {
    const { status, attempt, abandoned, endedAt, error, cancelReason } = record
    this.#open.delete(handle)
    span.setAttributes({ 'taskscope.task.status': status, 'taskscope.task.attempts': attempt })
    if (abandoned) span.setAttribute('taskscope.task.abandoned', true)
    if (status === 'failed') failed(span, error, endedAt)
    if (status === 'cancelled' && cancelReason !== undefined) {
      span.setAttribute('taskscope.task.cancel_reason', messageOf(cancelReason))
    }
    span.end(endedAt)
  }

  /** What goes on is not followed any more. */
  endAll(): void {
    for (const { span } of this.#open.values()) span.end()
    this.#open.clear()
  }
}

function failed(span: Span, error: unknown, at?: number): void {
  span.addEvent('exception', exceptionAttributes(error), at)
  span.setAttribute('error.type', errorType(error))
  span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) })
}
