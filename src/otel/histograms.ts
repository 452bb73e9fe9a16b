import type { Attributes, Histogram, Meter } from '@opentelemetry/api'
import type { RunTrace } from '../task/run-trace.ts'
import { errorType } from './attributes.ts'
import type { TaskMessage } from './spans.ts'

/** Seconds: those that the conventions give for durations in messaging. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** How long tasks wait for their first start, and how long each attempt runs. */
export class Histograms {
  readonly #waits: Histogram
  readonly #runs: Histogram
  /** What the attempts that run are labelled with, and when they began. */
  readonly #running = new WeakMap<object, number>()
  readonly #managers = new WeakMap<object, string>()

  constructor(meter: Meter) {
    const options = { unit: 's', advice: { explicitBucketBoundaries: BOUNDARIES } }
    this.#waits = meter.createHistogram('taskscope.task.wait', {
      ...options,
      description: 'From the submission of a task to its first start.',
    })
    this.#runs = meter.createHistogram('taskscope.attempt.duration', {
      ...options,
      description: 'Of every attempt, from its start until its work has stopped.',
    })
  }

  event({ type, manager, record, handle }: TaskMessage): void {
    if (record === undefined || handle === undefined) return
    if (type === 'submitted') this.#managers.set(handle, manager)
    if (type !== 'started' || record.attempt !== 1 || record.startedAt === undefined) return
    const seconds = Math.max(0, record.startedAt - record.createdAt) / 1_000
    this.#waits.record(seconds, labels(manager, record.type))
  }

  started(run: RunTrace): void {
    this.#running.set(run, performance.now())
  }

  ended(run: RunTrace): void {
    const startedAt = this.#running.get(run)
    if (startedAt === undefined) return
    const manager = run.handle && this.#managers.get(run.handle)
    this.#runs.record((performance.now() - startedAt) / 1_000, {
      ...labels(manager, run.type),
      ...('error' in run && { 'error.type': errorType(run.error) }),
    })
  }
}

function labels(manager: string | undefined, type: string | undefined): Attributes {
  return {
    ...(manager !== undefined && { 'taskscope.manager': manager }),
    ...(type !== undefined && { 'taskscope.task.type': type }),
  }
}
