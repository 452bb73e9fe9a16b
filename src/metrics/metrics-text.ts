import type { Distribution } from '../runner/types.ts'
import { METRICS, type MetricKey } from './metrics.ts'
import { type MetricsTarget, type Reading, readTargets } from './read-targets.ts'

const QUANTILES = [
  [0.5, 'p50'],
  [0.95, 'p95'],
  [0.99, 'p99'],
] as const

/**
 * What Prometheus scrapes: the counts of this moment of managers, runners, workers, limits, sets, pools and semaphores, in
 * its text format, to be served as `text/plain; version=0.0.4; charset=utf-8`.
 *
 * Each series is labelled with the name of its manager, or the key of its limit. Those without one, and those with the same,
 * are told apart by handing them over by name, `{ uploads: semaphore }`; else by a number in the order of the targets.
 *
 * Throws `TypeError` for what has no statistics in this process, such as an external limit or one that machines share.
 *
 * ```ts
 * createServer((_, response) => {
 *   response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
 *   response.end(metricsText(runner, { uploads: semaphore }))
 * })
 * ```
 */
export function metricsText(...targets: readonly MetricsTarget[]): string {
  const readings = Map.groupBy(readTargets(targets), ({ metric }) => metric)
  const keys = (Object.keys(METRICS) as MetricKey[]).filter(key => readings.has(key))
  return keys.map(key => family(key, readings.get(key) as Reading[])).join('')
}

function family(key: MetricKey, readings: readonly Reading[]): string {
  const { name, type, help } = METRICS[key]
  const lines = readings.flatMap(({ labels, value }) =>
    typeof value === 'number' ? sample(name, labels, value) : summary(name, labels, value),
  )
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

/** Milliseconds as seconds. The quantiles of nothing are no numbers. */
function summary(name: string, labels: Reading['labels'], distribution: Distribution): string[] {
  const { count, mean } = distribution
  const quantiles = QUANTILES.map(([quantile, key]) =>
    sample(name, { ...labels, quantile: String(quantile) }, count === 0 ? Number.NaN : distribution[key] / 1_000),
  )
  return [...quantiles, sample(`${name}_sum`, labels, (mean * count) / 1_000), sample(`${name}_count`, labels, count)]
}

function sample(name: string, labels: Reading['labels'], value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}{${pairs.join(',')}} ${Number.isFinite(value) || Number.isNaN(value) ? value : value > 0 ? '+Inf' : '-Inf'}\n`
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

function escaped(text: string): string {
  return text.toWellFormed().replace(/[\\"\n]/g, character => ESCAPES[character] as string)
}
