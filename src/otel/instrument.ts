import {
  type BatchObservableCallback,
  diag,
  type Meter,
  type MeterProvider,
  metrics,
  type Observable,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'
import { attempt } from '../base/attempt.ts'
import { type Known, knownOptions } from '../base/options.ts'
import { HAS_CHANNELS, subscribe, unsubscribe } from '../base/platform.ts'
import { METRICS, type Metric, type MetricKey } from '../metrics/metrics.ts'
import { type MetricsTarget, readTargets } from '../metrics/read-targets.ts'
import type { TaskChange } from '../scheduler/events.ts'
import type { RunTrace } from '../task/run-trace.ts'
import { Histograms } from './histograms.ts'
import { Spans } from './spans.ts'

/** How {@link instrument} works. */
export interface InstrumentOptions {
  /** Managers, runners, workers, limits and semaphores whose counts are told as metrics: see `metricsText`. @default none */
  readonly targets?: readonly MetricsTarget[]
  /** @default the global one */
  readonly tracerProvider?: TracerProvider
  /** @default the global one */
  readonly meterProvider?: MeterProvider
}

/** What {@link instrument} has begun. */
export interface Instrumentation extends Disposable {
  /** Ends it. Spans of tasks that go on are ended now. */
  dispose(): void
}

const OPTIONS: Known<InstrumentOptions> = { targets: true, tracerProvider: true, meterProvider: true }
const NAME = 'taskscope'

let active = false

/**
 * Tells OpenTelemetry of every task of this process: a span for each, from when it was accepted to its end, below the span
 * in which it was submitted and active while its work runs; how long tasks wait and run; and the counts of `targets`.
 *
 * A call in a thread or process, or on another machine, carries the context along, as the global propagator writes it. What
 * runs there has a span of its own below the caller's, if `instrument` was called there, too.
 *
 * Browsers and edge runtimes have no diagnostics channels: there it tells the counts of `targets` alone, and `diag` of that.
 *
 * Needs `@opentelemetry/api`, and an SDK that is registered before. Throws when it is active already, and `TypeError` for
 * what can't be measured. Whatever an SDK throws later goes to `diag` of OpenTelemetry and changes nothing for the tasks.
 *
 * ```ts
 * using telemetry = instrument({ targets: [runner] })
 * ```
 */
export function instrument(options?: InstrumentOptions): Instrumentation {
  const { targets = [], tracerProvider, meterProvider } = knownOptions('options', options, OPTIONS) ?? {}
  if (active) throw new Error('instrument() is active already: dispose it before it is called again')
  readTargets(targets)
  if (!HAS_CHANNELS) diag.warn('taskscope has no diagnostics channels here: of tasks there are no spans and no times')
  const meter = (meterProvider ?? metrics).getMeter(NAME)
  const histograms = new Histograms(meter)
  const spans = new Spans((tracerProvider ?? trace).getTracer(NAME), histograms, guarded)
  const stops = [
    observe(meter, targets, guarded),
    listen<TaskChange>('taskscope:task:change', change => spans.changed(change)),
    listen<RunTrace>('tracing:taskscope:task:start', run => {
      histograms.started(run)
      spans.started(run)
    }),
    listen<RunTrace>('tracing:taskscope:task:asyncEnd', run => {
      guarded(() => histograms.ended(run))
      spans.ended(run)
    }),
    () => guarded(() => spans.endAll()),
  ]
  active = true
  const dispose = () => {
    active = false
    for (const stop of stops.splice(0)) stop()
  }
  return { dispose, [Symbol.dispose]: dispose }
}

function listen<Message>(name: string, take: (message: Message) => void): () => void {
  const listener = (message: unknown) => guarded(() => take(message as Message))
  subscribe(name, listener)
  return () => void unsubscribe(name, listener)
}

/** What a subscriber throws would end the process. */
function guarded(run: () => void): void {
  try {
    run()
  } catch (error) {
    attempt(() => diag.error('taskscope could not be traced', error))
  }
}

/** Tells the counts of `targets` whenever they are collected. Returns what ends that. */
function observe(meter: Meter, targets: readonly MetricsTarget[], guarded: (run: () => void) => void): () => void {
  if (targets.length === 0) return () => {}
  const observables = new Map<MetricKey, Observable>()
  for (const [key, metric] of Object.entries(METRICS) as [MetricKey, Metric][]) {
    const { type, help } = metric
    if (type === 'summary') continue
    const create = type === 'counter' ? meter.createObservableCounter : meter.createObservableGauge
    observables.set(key, create.call(meter, nameOf(metric), { description: help }))
  }
  const tell: BatchObservableCallback = result =>
    guarded(() => {
      for (const { metric, labels, value } of readTargets(targets)) {
        const observable = observables.get(metric)
        if (observable !== undefined && typeof value === 'number') {
          result.observe(observable, value, prefixed(labels))
        }
      }
    })
  const all = [...observables.values()]
  meter.addBatchObservableCallback(tell, all)
  return () => meter.removeBatchObservableCallback(tell, all)
}

/** By the conventions of OpenTelemetry: a dot for the namespace, no suffixes. */
function nameOf({ name }: Metric): string {
  return name.replace('_', '.').replace(/_(total|ratio)$/, '')
}

function prefixed(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [`taskscope.${name}`, value]))
}
