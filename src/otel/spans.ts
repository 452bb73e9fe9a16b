import {
  type Attributes,
  type Context,
  context,
  type HrTime,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { messageOf } from '../base/thrown.ts'
import type { TaskChange } from '../scheduler/events.ts'
import type { RunTrace } from '../task/run-trace.ts'
import type { Task } from '../task/task.ts'
import { errorType, exceptionAttributes, spanName } from './attributes.ts'
import type { Histograms } from './histograms.ts'

interface Open {
  readonly span: Span
  /** In which the work runs. */
  readonly within: Context
}

/** Something that happened to a task, kept until the task's own step is over: an SDK may do what it likes then. */
interface Noted {
  readonly change: TaskChange
  /** By the clock of the task. */
  readonly at: number
  readonly attempt: number
  /** In which it was submitted or joined, or what the attempt before has thrown. */
  readonly about: unknown
}

/** One span for each task, by its handle; inside a worker one for each call, which is known by its trace. */
export class Spans {
  readonly #tracer: Tracer
  readonly #histograms: Histograms
  readonly #guarded: (run: () => void) => void
  readonly #open = new Map<object, Open>()
  #noted: Noted[] = []

  /** `guarded` takes what an SDK throws. */
  constructor(tracer: Tracer, histograms: Histograms, guarded: (run: () => void) => void) {
    this.#tracer = tracer
    this.#histograms = histograms
    this.#guarded = guarded
  }

  /** In the middle of a step of the task, in the context of the call that has caused it. */
  changed(change: TaskChange): void {
    const { type, task } = change
    const about =
      type === 'submitted' || type === 'joined'
        ? context.active()
        : type === 'retrying'
          ? task.extras?.attempts.at(-1)?.error
          : undefined
    this.#noted.push({ change, at: task.updatedAt, attempt: task.attempt, about })
    if (this.#noted.length === 1) queueMicrotask(this.#flush)
  }

  readonly #flush = (): void => {
    const noted = this.#noted
    this.#noted = []
    for (const one of noted) this.#guarded(() => this.#tell(one))
  }

  #tell({ change, at, attempt, about }: Noted): void {
    const { type, task, manager, detail } = change
    if (type === 'started' && attempt === 1) this.#guarded(() => this.#histograms.waited(change))
    const key = task.handle
    if (type === 'submitted') {
      const { id, name, settings } = task
      const { type, origin } = settings
      this.#start(
        key,
        { id, name, type, origin, manager },
        SpanKind.CONSUMER,
        about as Context,
        timeOf(task, task.createdAt),
      )
      return
    }
    const span = this.#open.get(key)?.span
    if (span === undefined) return
    const time = timeOf(task, at)
    switch (type) {
      case 'started':
        span.addEvent('started', { 'taskscope.task.attempt': attempt }, time)
        return
      case 'retrying':
        if (about !== undefined) span.addEvent('exception', exceptionAttributes(about), time)
        span.addEvent('retrying', { 'taskscope.task.attempt': attempt }, time)
        return
      case 'stuck':
        span.addEvent('stuck', { 'taskscope.task.waits_for': detail as string })
        return
      case 'joined':
        this.#link(span, about as Context)
        return
      case 'stopping':
      case 'abandoned':
        span.addEvent(type, {}, time)
        return
      case 'done':
      case 'failed':
      case 'cancelled':
        this.#end(key, span, task, time)
    }
  }

  /** Here the context is that of who has submitted it, too. */
  started(run: RunTrace): void {
    if (this.#noted.length > 0) this.#flush()
    const { handle, origin } = run
    const open =
      this.#open.get(handle ?? run) ?? this.#start(handle ?? run, run, kindOf(handle, origin), context.active())
    run.within = work => context.with(open.within, work)
    run.joined = other => {
      this.#link(open.span, propagation.extract(ROOT_CONTEXT, other))
    }
    run.carry = () => {
      const carrier: Record<string, string> = {}
      propagation.inject(open.within, carrier)
      return carrier
    }
  }

  #link(span: Span, to: Context): void {
    const linked = trace.getSpanContext(to)
    if (linked !== undefined) span.addLink({ context: linked })
  }

  /** A call inside a worker. */
  ended(run: RunTrace): void {
    if (run.handle !== undefined) return
    const open = this.#open.get(run)
    if (open === undefined) return
    this.#open.delete(run)
    if ('error' in run) failed(open.span, run.error)
    open.span.end()
  }

  #start(
    key: object,
    about: Pick<RunTrace, 'id' | 'name'> & { type?: string | undefined; origin?: RunTrace['origin']; manager?: string },
    kind: SpanKind,
    active: Context,
    startTime?: HrTime,
  ): Open {
    const { id, name, type, origin, manager } = about
    const parent = origin === undefined ? active : propagation.extract(active, origin)
    const attributes: Attributes = {
      'taskscope.task.id': id,
      'taskscope.task.name': name,
      'messaging.system': 'taskscope',
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'run',
      'messaging.message.id': String(id),
    }
    if (type !== undefined) attributes['taskscope.task.type'] = type
    if (manager !== undefined) attributes['taskscope.manager'] = attributes['messaging.destination.name'] = manager
    const options: SpanOptions = { kind: origin === undefined ? SpanKind.INTERNAL : kind, attributes }
    if (startTime !== undefined) options.startTime = startTime
    const span = this.#tracer.startSpan(spanName(name, type), options, parent)
    const open = { span, within: trace.setSpan(parent, span) }
    this.#open.set(key, open)
    return open
  }

  #end(key: object, span: Span, task: Task, time: HrTime): void {
    const { status, attempt, extras, outcome } = task
    this.#open.delete(key)
    span.setAttribute('taskscope.task.status', status)
    span.setAttribute('taskscope.task.attempts', attempt)
    if (extras?.abandoned) span.setAttribute('taskscope.task.abandoned', true)
    if (status === 'failed') failed(span, outcome, time)
    const reason = status === 'cancelled' ? extras?.stopRequest?.reason : undefined
    if (reason !== undefined) span.setAttribute('taskscope.task.cancel_reason', messageOf(reason))
    span.end(time)
  }

  /** What goes on is not followed any more. */
  endAll(): void {
    this.#flush()
    for (const { span } of this.#open.values()) this.#guarded(() => span.end())
    this.#open.clear()
  }
}

/** Of a call that has come from elsewhere: here a machine has taken it from a queue, inside a worker a machine's task has it. */
function kindOf(handle: object | undefined, origin: RunTrace['origin']): SpanKind {
  return handle !== undefined && origin !== undefined ? SpanKind.CONSUMER : SpanKind.INTERNAL
}

function failed(span: Span, error: unknown, at?: HrTime): void {
  span.addEvent('exception', exceptionAttributes(error), at)
  span.setAttribute('error.type', errorType(error))
  span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) })
}

/** SDKs before 2 take a number that is from before their process for one of another clock. */
function timeOf({ owner, ended, updatedAt }: Task, at: number): HrTime {
  const { wallClock } = owner
  const epoch = at + (ended ? wallClock.offsetAt(updatedAt) : wallClock.offset)
  const seconds = Math.floor(epoch / 1_000)
  return [seconds, Math.round((epoch - seconds * 1_000) * 1_000_000)]
}
