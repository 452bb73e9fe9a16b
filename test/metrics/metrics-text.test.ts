import { describe, expect, it } from 'vitest'
import {
  callLimit,
  limitPool,
  limits,
  type MetricsTarget,
  metricsText,
  rateLimit,
  resourceLimit,
  Semaphore,
  TaskManager,
  TaskRunner,
} from '../../src/index.ts'
import { TaskWorker, task } from '../../src/worker.ts'
import { settle } from '../harness.ts'

/** The lines of one metric, without its name. */
function linesOf(text: string, name: string): string[] {
  const lines = text.split('\n').filter(line => line.startsWith(`${name}{`))
  return lines.map(line => line.slice(name.length))
}

describe('metricsText', () => {
  it('tells the counts of a manager', async () => {
    await using manager = await TaskManager.start({ name: 'crawler', maxTasks: 2 })
    const gate = Promise.withResolvers<void>()
    for (let i = 0; i < 5; i++) manager.spawn(() => gate.promise)
    manager.spawn(() => {}).cancel()
    await settle()
    const text = metricsText(manager)
    expect(linesOf(text, 'taskscope_tasks')).toEqual([
      '{manager="crawler",status="pending"} 3',
      '{manager="crawler",status="running"} 2',
      '{manager="crawler",status="stopping"} 0',
    ])
    expect(linesOf(text, 'taskscope_tasks_ended_total')).toContain('{manager="crawler",status="cancelled"} 1')
    expect(linesOf(text, 'taskscope_slots')).toEqual(['{manager="crawler"} 2'])
    expect(linesOf(text, 'taskscope_paused')).toEqual(['{manager="crawler"} 0'])
    gate.resolve()
  })

  it('tells an unlimited number of slots as +Inf', async () => {
    await using manager = await TaskManager.start(Number.POSITIVE_INFINITY)
    expect(linesOf(metricsText(manager), 'taskscope_slots')).toEqual(['{manager="manager"} +Inf'])
  })

  it('tells the queue of a runner, and its times in seconds', async () => {
    await using runner = await TaskRunner.start({ name: 'mail', workers: 1 })
    await runner.submit(() => new Promise(resolve => setTimeout(resolve, 20)))
    const text = metricsText(runner)
    expect(linesOf(text, 'taskscope_queue_size')).toEqual(['{manager="mail"} 0'])
    expect(linesOf(text, 'taskscope_tasks_submitted_total')).toEqual(['{manager="mail"} 1'])
    expect(linesOf(text, 'taskscope_attempt_duration_seconds_count')).toEqual(['{manager="mail"} 1'])
    const sum = Number(linesOf(text, 'taskscope_attempt_duration_seconds_sum')[0]?.split(' ')[1])
    expect(sum).toBe(runner.stats().runTime.mean / 1_000)
    expect(linesOf(text, 'taskscope_attempt_duration_seconds')).toHaveLength(3)
  })

  it('tells the quantiles of nothing as NaN', async () => {
    await using runner = await TaskRunner.start({ name: 'new' })
    expect(linesOf(metricsText(runner), 'taskscope_task_wait_seconds')[0]).toBe('{manager="new",quantile="0.5"} NaN')
  })

  it('tells the workers and calls of workers and task functions, and calls nothing', async () => {
    await using worker = await TaskWorker.start({ name: 'images', mode: 'async', maxWorkers: 3 })
    await using square = task(function square(x: number) {
      return x * x
    })
    await square(2)
    const text = metricsText(worker, { stats: square })
    expect(linesOf(text, 'taskscope_workers')).toEqual(['{manager="images"} 1', '{manager="stats"} 1'])
    expect(linesOf(text, 'taskscope_calls_dispatched_total')).toEqual(['{manager="images"} 0', '{manager="stats"} 1'])
    expect(linesOf(metricsText(square), 'taskscope_workers')).toEqual(['{manager="square"} 1'])
  })

  it('tells the use of limits, sets, pools and semaphores', async () => {
    const tokens = rateLimit({ key: 'tokens', capacity: 10, per: 60_000 })
    const api = limits([resourceLimit({ key: 'connections', capacity: 4 }), callLimit(5, 1_000)])
    const pool = limitPool([api, resourceLimit({ key: 'spare', capacity: 2 }), { acquire: () => ({ release() {} }) }])
    const semaphore = new Semaphore(3)
    using _tokens = await tokens.acquire({ tokens: 4 })
    using _connection = await api.acquire()
    using _permit = await semaphore.acquire()
    const text = metricsText(tokens, api, { accounts: pool }, semaphore)
    expect(linesOf(text, 'taskscope_limit_used')).toEqual([
      '{limit="tokens"} 4',
      '{limit="connections"} 1',
      '{limit="calls"} 1',
      '{limit="accounts.0.connections"} 1',
      '{limit="accounts.0.calls"} 1',
      '{limit="accounts.1"} 0',
      '{limit="semaphore"} 1',
    ])
    expect(linesOf(text, 'taskscope_limit_available')[0]).toBe('{limit="tokens"} 6')
    expect(linesOf(text, 'taskscope_limit_utilisation_ratio')[0]).toBe('{limit="tokens"} 0.4')
  })

  it('describes each metric once, however many targets there are', async () => {
    const managers = await Promise.all(Array.from({ length: 3 }, () => TaskManager.start()))
    const text = metricsText(...managers)
    const described = text.split('\n').filter(line => line.startsWith('# '))
    expect(new Set(described).size).toBe(described.length)
    expect(described[0]).toBe('# HELP taskscope_tasks Tasks that have not ended.')
    await Promise.all(managers.map(manager => manager.close()))
  })

  it('tells a target once that is given twice, and numbers those with the same name', async () => {
    await using one = await TaskManager.start({ name: 'same' })
    await using two = await TaskManager.start({ name: 'same' })
    await using three = await TaskManager.start({ name: 'same 2' })
    const names = (...targets: MetricsTarget[]) => linesOf(metricsText(...targets), 'taskscope_slots')
    expect(names(one, one, { again: one })).toEqual(['{manager="same"} 35'])
    expect(names(three, one, two)).toEqual(['{manager="same 2"} 35', '{manager="same"} 35', '{manager="same 3"} 35'])
  })

  it('escapes names', async () => {
    await using manager = await TaskManager.start({ name: 'a"b\\c\nd\ud800' })
    expect(linesOf(metricsText(manager), 'taskscope_slots')).toEqual(['{manager="a\\"b\\\\c\\nd\ufffd"} 35'])
  })

  it('is empty without targets', () => {
    expect(metricsText()).toBe('')
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a number', 5],
    ['an external limit', { acquire: () => ({ release() {} }) }],
    ['a list', [new Semaphore(1)]],
    ['an object of something else', { some: {} }],
  ])('refuses %s', (_, target) => {
    expect(() => metricsText(target as MetricsTarget)).toThrow(/^a target must be a manager, a runner, /)
  })
})
