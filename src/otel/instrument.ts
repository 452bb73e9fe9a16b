import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { diag, type MeterProvider, metrics, type TracerProvider, trace } from '@opentelemetry/api'
import { attempt } from '../base/attempt.ts'
import { type Known, knownOptions } from '../base/options.ts'
import { type MetricsTarget, readTargets } from '../metrics/read-targets.ts'
import type { RunTrace } from '../task/run-trace.ts'
import { Histograms } from './histograms.ts'
import { observe } from './observe.ts'
import { Spans, type TaskMessage } from './spans.ts'

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
  const meter = (meterProvider ?? metrics).getMeter(NAME)
  const spans = new Spans((tracerProvider ?? trace).getTracer(NAME))
  const histograms = new Histograms(meter)
  const stops = [
    observe(meter, targets, guarded),
    listen<TaskMessage>('taskscope:task', message => spans.event(message)),
    listen<TaskMessage>('taskscope:task', message => histograms.event(message)),
    listen<RunTrace>('tracing:taskscope:task:start', run => spans.started(run)),
    listen<RunTrace>('tracing:taskscope:task:start', run => histograms.started(run)),
    listen<RunTrace>('tracing:taskscope:task:asyncEnd', run => histograms.ended(run)),
    listen<RunTrace>('tracing:taskscope:task:asyncEnd', run => spans.ended(run)),
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
