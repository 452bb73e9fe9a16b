import type { BatchObservableCallback, Meter, Observable } from '@opentelemetry/api'
import { METRICS, type Metric, type MetricKey } from '../metrics/metrics.ts'
import { type MetricsTarget, readTargets } from '../metrics/read-targets.ts'

/** Tells the counts of `targets` whenever they are collected. Returns what ends that. */
export function observe(
  meter: Meter,
  targets: readonly MetricsTarget[],
  guarded: (run: () => void) => void,
): () => void {
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
