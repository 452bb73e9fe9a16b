import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { TaskWorker, type TaskWorkerOptions } from '../../src/worker.ts'
import { hotLoop, meet, place, square } from '../fixtures/worker/mode-functions.ts'
import { until } from '../harness.ts'
import { failureOf } from '../work.ts'
import { untilRunning } from '../worker/modes/mode.ts'

const module = new URL('../fixtures/worker/mode-functions.ts', import.meta.url)
const workers = new Set<TaskWorker>()
const folders = new Set<string>()

afterEach(async () => {
  await Promise.all([...workers].map(worker => worker.close({ timeout: 0 })))
  for (const folder of folders) rmSync(folder, { recursive: true })
  workers.clear()
  folders.clear()
})

async function start(options: TaskWorkerOptions): Promise<TaskWorker> {
  const worker = await TaskWorker.start({ mode: 'thread', module, maxWorkers: 2, ...options })
  workers.add(worker)
  return worker
}

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'taskscope-d-'))
  folders.add(folder)
  return folder
}

const distinct = (places: readonly string[]) => new Set(places).size

describe('system D, its pools', () => {
  it('grow with what waits, and shrink when there is nothing to do', async () => {
    const worker = await start({ idleTimeout: 20 })
    expect(worker.stats().workers).toBe(0)
    const folder = emptyFolder()
    const handles = [1, 2].map(id => worker.submit(meet, folder, id, 2))
    expect(distinct(await Promise.all(handles))).toBe(2)
    await until(() => worker.stats().workers === 0)
    expect(await worker.submit(square, 3)).toBe(9)
  })

  it('have workers on demand: a fresh one for each call', async () => {
    const worker = await start({ onDemand: true })
    const places = [await worker.submit(place), await worker.submit(place), await worker.submit(place)]
    expect(distinct(places)).toBe(3)
    await until(() => worker.stats().workers === 0)
  })

  it('run in processes as well, spread in turn', async () => {
    const worker = await start({ mode: 'process', loadBalancing: 'round-robin' })
    const folder = emptyFolder()
    expect(distinct(await Promise.all([1, 2].map(id => worker.submit(meet, folder, id, 2))))).toBe(2)
    const places = [await worker.submit(place), await worker.submit(place), await worker.submit(place)]
    expect(distinct(places)).toBe(2)
  })
})

describe('system D does not have the defect that', () => {
  it.each(['least-active', 'round-robin', 'least-total', 'random'] as const)(
    'map on a pool sends everything to one worker, with the strategy %s',
    async loadBalancing => {
      const worker = await start({ loadBalancing })
      const folder = emptyFolder()
      // Neither ends before both run, each in a worker that takes one call at a time.
      const places = await worker.map(meet, [folder, folder], [1, 2], [2, 2]).toArray()
      expect(distinct(places)).toBe(2)
    },
  )

  it('on-demand ignores max_workers or blocks the submitter', async () => {
    const worker = await start({ onDemand: true, cleanupTimeout: 20 })
    const folder = emptyFolder()
    const handles = [1, 2, 3].map(id => worker.submit(meet, folder, id, 3))
    expect(handles.map(({ status }) => status)).toEqual(['pending', 'pending', 'pending'])
    const [first, second, third] = handles as [(typeof handles)[0], (typeof handles)[0], (typeof handles)[0]]
    await untilRunning(first, second)
    expect(third.status).toBe('pending')
    expect(worker.stats()).toMatchObject({ workers: 2, active: 2, pending: 1 })
    // The third, which they wait for, may start once one of them is gone.
    const [error] = await Promise.all([failureOf(first), first.cancel()])
    expect(error).toMatchObject({ name: 'TaskCancelledError' })
    expect(distinct(await Promise.all([second, third]))).toBe(2)
  })

  it('cancelling a queued call kills the thread', async () => {
    const worker = await start({ maxWorkers: 1 })
    const before = await worker.submit(place)
    const folder = emptyFolder()
    const running = worker.submit(meet, folder, 1, 2)
    const queued = worker.submit(meet, folder, 2, 1)
    await untilRunning(running)
    expect(await queued.cancel()).toBe(true)
    expect(running.status).toBe('running')
    const after = await start({ maxWorkers: 1 })
    await after.submit(meet, folder, 3, 1)
    expect(await running).toBe(before)
    expect(await worker.submit(place)).toBe(before)
    expect(worker.stats()).toMatchObject({ workers: 1, crashed: 0, dispatched: 3 })
  })

  it('cancelling a running call leaves its thread busy for ever', async () => {
    const worker = await start({ maxWorkers: 1, cleanupTimeout: 20 })
    const running = worker.submit(hotLoop)
    await untilRunning(running)
    expect(await running.cancel()).toBe(true)
    expect(running.record()).toMatchObject({ status: 'cancelled', abandoned: false })
    expect(await worker.submit(square, 4)).toBe(16)
  })
})
