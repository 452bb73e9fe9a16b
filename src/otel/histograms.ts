import type { Attributes, Histogram, Meter } from '@opentelemetry/api'
import type { TaskChange } from '../scheduler/events.ts'
import type { RunTrace } from '../task/run-trace.ts'
import { errorType } from './attributes.ts'

/** Seconds: those that the conventions give for durations in messaging. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** When an attempt began: kept with it, so that nothing is left of those that never end. */
const STARTED_AT = Symbol('started at')

type TimedRun = RunTrace & { [STARTED_AT]?: number }

/** How long tasks wait for their first start, and how long each attempt runs. */
export class Histograms {
  readonly #waits: Histogram
  readonly #runs: Histogram

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

  waited({ manager, task }: TaskChange): void {
    this.#waits.record(Math.max(0, task.startedAt - task.createdAt) / 1_000, labels(manager, task.settings.type))
  }

  started(run: TimedRun): void {
    run[STARTED_AT] = performance.now()
  }

  ended(run: TimedRun): void {
    const startedAt = run[STARTED_AT]
    if (startedAt === undefined) return
    const attributes = labels(run.manager, run.type)
    if ('error' in run) attributes['error.type'] = errorType(run.error)
    this.#runs.record((performance.now() - startedAt) / 1_000, attributes)
  }
}

function labels(manager: string | undefined, type: string | undefined): Attributes {
  const attributes: Attributes = {}
  if (manager !== undefined) attributes['taskscope.manager'] = manager
  if (type !== undefined) attributes['taskscope.task.type'] = type
  return attributes
}
