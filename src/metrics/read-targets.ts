import { attempt } from '../base/attempt.ts'
import { show } from '../base/options.ts'
import type { LimitStats, LimitsStats } from '../limits/types.ts'
import type { Distribution, RunnerStats } from '../runner/types.ts'
import type { ManagerStats } from '../scheduler/types.ts'
import type { MetricKey } from './metrics.ts'

/** Something with statistics: a manager, a runner, a worker or a task function, a limit, a set, a pool, a semaphore. */
export type MetricsSource =
  | { readonly stats: () => ManagerStats | LimitsStats }
  | { readonly permits: number; readonly available: number; readonly waiting: number }

/** What is to be measured, or several by the names that they are to have. */
export type MetricsTarget = MetricsSource | Readonly<Record<string, MetricsSource>>

/** One value, or a distribution of milliseconds, and what it is of. */
export interface Reading {
  readonly metric: MetricKey
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | Distribution
}

const LIVE = ['pending', 'running', 'stopping'] as const
const ENDED = ['done', 'failed', 'cancelled'] as const
const OF_MANAGERS = ['abandoned', 'paused', 'closed'] as const
const OF_RUNNERS = ['queueSize', 'submitted', 'rejected', 'dropped', 'retried', 'waitTime', 'runTime'] as const
const OF_WORKERS = ['workers', 'active', 'dispatched', 'crashed', 'recycled'] as const
const OF_LIMITS = ['used', 'available', 'waiting', 'utilisation'] as const

/** Reads each target once. Those with a name that another has already get a number behind it. */
export function readTargets(targets: readonly MetricsTarget[]): Reading[] {
  const seen = new Set<object>()
  const managers = new Names('manager')
  const limits = new Names('limit')
  return targets.flatMap(nameSources).flatMap(([name, source]) => {
    if (seen.has(source)) return []
    seen.add(source)
    if (!('stats' in source)) return limitReadings(semaphoreStats(source), name ?? 'semaphore', limits)
    const stats = source.stats()
    if ('maxTasks' in stats) {
      return managerReadings(stats as ManagerStats, managers.labels(name ?? nameOf(source, 'name') ?? 'worker'))
    }
    return limitReadings(stats, name ?? nameOf(source, 'key'), limits)
  })
}

/** The sources of a target, with the names that were given to them. */
function nameSources(target: MetricsTarget): [name: string | undefined, source: MetricsSource][] {
  if (isSource(target)) return [[undefined, target]]
  if (!isPlain(target)) throw notMeasurable(target)
  return Object.entries(target as Readonly<Record<string, unknown>>).map(([name, source]) => {
    if (!isSource(source)) throw notMeasurable(source)
    return [name, source]
  })
}

/** None of ours is a plain object, so that whatever name something has in one can't be mistaken for a method. */
function isSource(value: unknown): value is MetricsSource {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function') || isPlain(value)) return false
  const { stats, permits, waiting } = value as Record<string, unknown>
  return typeof stats === 'function' || (typeof permits === 'number' && typeof waiting === 'number')
}

function isPlain(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function notMeasurable(value: unknown): TypeError {
  return new TypeError(
    `a target must be a manager, a runner, a worker, a limit that counts in this process or a semaphore, or an object of such by name, got ${show(value)}`,
  )
}

function nameOf(source: object, property: 'name' | 'key'): string | undefined {
  const name = attempt(() => (source as Record<string, unknown>)[property])
  return typeof name === 'string' && name !== '' ? name : undefined
}

/** The values of one label, each of them once. */
class Names {
  readonly #label: string
  readonly #taken = new Set<string>()

  constructor(label: string) {
    this.#label = label
  }

  labels(wanted: string): Readonly<Record<string, string>> {
    let name = wanted
    for (let number = 2; this.#taken.has(name); number++) name = `${wanted} ${number}`
    this.#taken.add(name)
    return { [this.#label]: name }
  }
}

function managerReadings(stats: ManagerStats & Partial<RunnerStats>, labels: Reading['labels']): Reading[] {
  const byStatus = (metric: MetricKey, statuses: readonly (typeof LIVE | typeof ENDED)[number][]): Reading[] =>
    statuses.map(status => ({ metric, labels: { ...labels, status }, value: stats[status] }))
  return [
    ...byStatus('tasks', LIVE),
    ...byStatus('ended', ENDED),
    { metric: 'slots', labels, value: stats.maxTasks },
    ...readingsOf(stats, OF_MANAGERS, labels),
    ...readingsOf(stats, OF_RUNNERS, labels),
    ...readingsOf(stats, OF_WORKERS, labels),
  ]
}

/** Of what there is: a manager has not all that a runner has. */
function readingsOf(stats: object, metrics: readonly MetricKey[], labels: Reading['labels']): Reading[] {
  return metrics.flatMap(metric => {
    const value: unknown = (stats as Record<string, unknown>)[metric]
    return value === undefined ? [] : [{ metric, labels, value: typeof value === 'boolean' ? Number(value) : value }]
  }) as Reading[]
}

function semaphoreStats(semaphore: { permits: number; available: number; waiting: number }): LimitStats {
  const { permits, available, waiting } = semaphore
  const used = permits - available
  return { used, available, waiting, utilisation: used / permits }
}

/** Of one limit, of those of a set by key and of those of a pool by place. */
function limitReadings(stats: LimitsStats | undefined, name: string | undefined, names: Names): Reading[] {
  if (stats === undefined) return []
  if (isOne(stats)) return readingsOf(stats, OF_LIMITS, names.labels(name ?? 'limit'))
  const within = Array.isArray(stats) ? (name ?? 'pool') : name
  return Object.entries(stats as Readonly<Record<string, LimitsStats | undefined>>).flatMap(([key, each]) =>
    limitReadings(each, within === undefined ? key : `${within}.${key}`, names),
  )
}

/** A set may have limits with any keys: what is no number under these is one of them. */
function isOne(stats: LimitsStats): stats is LimitStats {
  return OF_LIMITS.every(key => typeof (stats as Record<string, unknown>)[key] === 'number')
}
