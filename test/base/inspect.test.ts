import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { callLimit, limitPool, limits, resourceLimit, Semaphore, TaskManager, TaskRunner } from '../../src/index.ts'
import { createGate, settle } from '../../src/testing.ts'
import { TaskWorker, task } from '../../src/worker.ts'
import { HOSTILE } from '../hostile.ts'

const oneLine = (value: unknown) => inspect(value, { breakLength: Number.POSITIVE_INFINITY, compact: true })

describe('console.log shows', () => {
  it('a handle, with its status and how it ended', async () => {
    const manager = await TaskManager.start({ logger: false })
    const gate = createGate<{ a: number }>()
    const open = manager.spawn(() => gate, { name: 'open' })
    expect(oneLine(open)).toBe("TaskHandle { id: 1, name: 'open', status: 'pending' }")
    await settle()
    expect(oneLine(open)).toBe("TaskHandle { id: 1, name: 'open', status: 'running' }")
    gate.open({ a: 1 })
    await open
    expect(oneLine(open)).toBe("TaskHandle { id: 1, name: 'open', status: 'done', result: { a: 1 } }")
    const failed = manager.spawn(() => Promise.reject(5))
    await failed.catch(() => {})
    expect(oneLine(failed)).toBe("TaskHandle { id: 2, status: 'failed', error: 5 }")
    expect(oneLine({ handles: { deep: [open] } })).toBe('{ handles: { deep: [ [TaskHandle] ] } }')
  })

  it('a handle whose failure nobody observed, which is still told', async () => {
    const told: unknown[] = []
    const manager = await TaskManager.start({ onError: error => told.push(error) })
    const handle = manager.spawn(() => Promise.reject(5))
    handle.accepted.then(() => oneLine(handle))
    await manager.drain()
    expect(told).toEqual([5])
  })

  it('a manager, a runner and a worker with their counts', async () => {
    const manager = await TaskManager.start({ maxTasks: 3, name: 'crawler' })
    expect(oneLine(manager)).toBe(
      "TaskManager { name: 'crawler', pending: 0, running: 0, stopping: 0, done: 0, failed: 0, cancelled: 0, abandoned: 0, maxTasks: 3, paused: false, closed: false }",
    )
    await using runner = await TaskRunner.start({ workers: 2 })
    expect(oneLine(runner)).toMatch(/^TaskRunner \{ name: 'runner', workers: 2, pending: 0, .*, closed: false \}$/)
    await using worker = await TaskWorker.start({
      fn: function twice(x: number) {
        return 2 * x
      },
    })
    expect(oneLine(worker)).toMatch(/^TaskWorker \{ mode: 'async', fn: 'twice', pending: 0, .*, active: 0, /)
  })

  it('a function of task, without starting its worker', () => {
    const square = task(
      function square(x: number) {
        return x * x
      },
      { mode: 'thread' },
    )
    expect(oneLine(square)).toBe("TaskFunction { name: 'square', mode: 'thread' }")
    expect(Object.keys(square)).not.toContain('nodejs.util.inspect.custom')
  })

  it('limits, sets, pools, semaphores and permits', async () => {
    const calls = callLimit(2, 1_000)
    const disks = resourceLimit({ key: 'disks', capacity: 4 })
    const set = limits([calls, disks])
    using permit = await set.acquire({ disks: 3 })
    expect(oneLine(permit)).toBe('Permit { calls: 1, disks: 3, released: false }')
    expect(oneLine(disks)).toBe(
      "Limit { key: 'disks', capacity: 4, used: 3, available: 1, waiting: 0, utilisation: 0.75 }",
    )
    expect(oneLine(set)).toMatch(/^LimitSet \{ calls: \{ used: 1, .* \}, disks: \{ used: 3, .* \} \}$/)
    expect(oneLine(limitPool([calls, disks]))).toMatch(/^LimitPool \[ \{ used: 1, .* \}, \{ used: 3, .* \} \]$/)
    const semaphore = new Semaphore(3)
    using held = await semaphore.acquire(2)
    expect(oneLine(semaphore)).toBe('Semaphore { permits: 3, available: 1, waiting: 0 }')
    expect(oneLine(held)).toBe('Permit { permits: 2, released: false }')
  })

  it('what it can of results that can not be shown', async () => {
    const manager = await TaskManager.start()
    const rude = {
      [Symbol.for('nodejs.util.inspect.custom')]() {
        throw new Error('rude')
      },
    }
    const handle = manager.spawn(() => rude)
    await handle
    expect(inspect(handle)).toBe('[TaskHandle]')
  })

  it.each(Object.entries(HOSTILE))('a failure with %s', async (_, make) => {
    const manager = await TaskManager.start({ logger: false })
    const handle = manager.spawn(() => Promise.reject(make()))
    await handle.then(
      () => {},
      () => {},
    )
    expect(inspect(handle)).toContain('TaskHandle')
  })
})
