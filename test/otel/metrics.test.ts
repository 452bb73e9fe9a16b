import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { MetricsTarget } from '../../src/index.ts'
import { resourceLimit, TaskManager, TaskRunner } from '../../src/index.ts'
import { instrument } from '../../src/otel.ts'
import { settle } from '../harness.ts'

/** The real SDK, and the points of a metric when they are collected, by its name. */
function meters(targets: readonly MetricsTarget[]) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const instrumentation = instrument({ meterProvider, targets })
  onTestFinished(async () => {
    instrumentation.dispose()
    await meterProvider.shutdown()
  })
  return async (name: string) => {
    exporter.reset()
    await reader.forceFlush()
    const all = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    return all.filter(({ descriptor }) => descriptor.name === name)[0]?.dataPoints ?? []
  }
}

describe('instrument', () => {
  it('tells the counts of its targets whenever they are collected', async () => {
    await using runner = await TaskRunner.start({ name: 'mails', workers: 1 })
    const limit = resourceLimit({ key: 'connections', capacity: 2 })
    const points = meters([runner, limit])
    const gate = Promise.withResolvers<void>()
    runner.submit(() => gate.promise, { limits: limit })
    runner.submit(() => {})
    await settle()
    const tasks = await points('taskscope.tasks')
    expect(tasks.map(({ attributes, value }) => [attributes, value])).toEqual([
      [{ 'taskscope.manager': 'mails', 'taskscope.status': 'pending' }, 1],
      [{ 'taskscope.manager': 'mails', 'taskscope.status': 'running' }, 1],
      [{ 'taskscope.manager': 'mails', 'taskscope.status': 'stopping' }, 0],
    ])
    expect((await points('taskscope.slots')).map(({ value }) => value)).toEqual([1])
    expect((await points('taskscope.queue_size')).map(({ value }) => value)).toEqual([1])
    expect((await points('taskscope.limit_used')).map(({ attributes, value }) => [attributes, value])).toEqual([
      [{ 'taskscope.limit': 'connections' }, 1],
    ])
    gate.resolve()
    await runner.drain()
    const ended = await points('taskscope.tasks_ended')
    expect(ended.map(({ value }) => value)).toEqual([2, 0, 0])
  })

  it('tells how long tasks wait and attempts run, in seconds', async () => {
    await using manager = await TaskManager.start({ name: 'mails', maxTasks: 1, logger: false })
    const points = meters([])
    manager.spawn(() => new Promise(resolve => setTimeout(resolve, 20)), { type: 'slow' })
    const second = manager.spawn(() => Promise.reject(new RangeError('no')), { retry: { retries: 1, wait: 0 } })
    await manager.drain()
    await settle()
    const waits = await points('taskscope.task.wait')
    expect(waits.map(({ attributes, value }) => [attributes, (value as { count: number }).count])).toEqual([
      [{ 'taskscope.manager': 'mails', 'taskscope.task.type': 'slow' }, 1],
      [{ 'taskscope.manager': 'mails' }, 1],
    ])
    const { createdAt, attempts } = second.record()
    const wait = waits.at(-1) as unknown as { value: { sum: number } }
    expect(wait.value.sum).toBe(((attempts[0]?.startedAt ?? 0) - createdAt) / 1_000)
    const runs = await points('taskscope.attempt.duration')
    expect(runs.map(({ attributes, value }) => [attributes, (value as { count: number }).count])).toEqual([
      [{ 'taskscope.manager': 'mails', 'taskscope.task.type': 'slow' }, 1],
      [{ 'taskscope.manager': 'mails', 'error.type': 'RangeError' }, 2],
    ])
  })
})
