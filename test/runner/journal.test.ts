import { beforeEach, describe, expect, it } from 'vitest'
import { BaseTask, SerializationError, StoreError, TaskCancelledError, TaskRunner } from '../../src/index.ts'
import { createGate } from '../../src/testing/gate.ts'
import { settle } from '../harness.ts'
import { opened } from '../inspector/set-up.ts'
import { failureOf } from '../work.ts'
import { CountingTask } from './counting-task.ts'
import { FragileStore } from './fragile-store.ts'

let store: FragileStore
const logged: unknown[] = []
const logger = { error: (error: unknown) => logged.push(error) }

/** Lets the store writer write: it does so in macrotasks of its own. */
async function written(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await settle()
}

async function start(options = {}) {
  return TaskRunner.start({ store, tasks: [CountingTask], logger, ...options })
}

beforeEach(() => {
  store = new FragileStore()
  logged.length = 0
  CountingTask.runs = []
})

describe('accepted', () => {
  it('resolves when the record is durable, and only then the task starts', async () => {
    const gate = createGate<void>()
    store.gate = gate
    const runner = await start()
    const handle = runner.submit(new CountingTask(1))
    let accepted = false
    handle.accepted.then(() => {
      accepted = true
    })
    await written()
    expect([accepted, handle.status, CountingTask.runs]).toEqual([false, 'pending', []])
    gate.open()
    await handle.accepted
    expect(await handle).toBe(2)
    await runner.close()
  })

  it('does not wait for the store with durable: false, of the task or of the runner', async () => {
    store.gate = createGate<void>()
    const runner = await start()
    const one = runner.submit(new CountingTask(1), { durable: false })
    await one.accepted
    expect(await one).toBe(2)
    const other = await TaskRunner.start({ store: new FragileStore(), durable: false })
    expect(await other.submit(() => 5)).toBe(5)
    await other.close()
  })

  it('resolves where others follow the tasks as well', async () => {
    const runner = await start({ stuckAfter: 60_000 })
    opened(runner.manager)
    const handle = runner.submit(new CountingTask(1))
    await handle.accepted
    expect(await handle).toBe(2)
    await runner.close()
  })

  it('rejects as the handle does when the store fails, and the task never runs', async () => {
    store.failure = new Error('the disk is full')
    const runner = await start()
    const handle = runner.submit(new CountingTask(1))
    const error = await failureOf(handle.accepted)
    expect(error).toBeInstanceOf(StoreError)
    expect((error as Error).cause).toBe(store.failure)
    expect(await failureOf(handle)).toBe(error)
    expect(CountingTask.runs).toEqual([])
    expect(runner.getRecord(handle.id)).toMatchObject({ status: 'failed', error })
    await runner.close()
  })

  it('rejects for a task that is cancelled before it is durable', async () => {
    const gate = createGate<void>()
    store.gate = gate
    const runner = await start()
    const handle = runner.submit(new CountingTask(1))
    expect(await handle.cancel('no longer needed')).toBe(true)
    expect(await failureOf(handle.accepted)).toBeInstanceOf(TaskCancelledError)
    gate.open()
    await runner.close()
    expect(CountingTask.runs).toEqual([])
    expect((await store.open(10)).ended).toMatchObject([{ id: 1, status: 'cancelled' }])
  })
})

describe('the storeWriter', () => {
  it('writes a short task twice, however often it changed, and many tasks in one batch', async () => {
    const runner = await start({ workers: 100, queueSize: 100 })
    const handles = Array.from({ length: 100 }, (_, n) => runner.submit(new CountingTask(n)))
    await Promise.all(handles)
    await runner.flush()
    const statuses = store.batches.map(batch => batch.map(({ status }) => status))
    expect(statuses).toEqual([Array(100).fill('pending'), Array(100).fill('done')])
    await runner.close()
  })

  it('keeps the way to run a task again, also once it has ended', async () => {
    const runner = await start()
    await runner.submit(new CountingTask(3))
    await runner.flush()
    const [first, last] = store.batches.map(([task]) => task)
    expect(JSON.parse(first?.job as string)).toMatchObject({ task: 'CountingTask', payload: { n: 3 } })
    expect(last).toMatchObject({ status: 'done', job: first?.job })
    await runner.close()
  })

  it('writes what the manager is given directly, too', async () => {
    const runner = await start()
    await runner.manager.spawn(() => 1, { name: 'direct' })
    await runner.close()
    expect((await store.open(10)).ended).toMatchObject([{ name: 'direct', status: 'done' }])
  })

  it('flushes everything so far, however much that is', async () => {
    const runner = await start({ queueSize: 2_000, workers: 2_000 })
    for (let n = 0; n < 2_000; n++) runner.submit(() => n, { durable: false })
    await runner.drain()
    await runner.flush()
    expect(store.batches.every(batch => batch.length <= 500)).toBe(true)
    await runner.close()
    expect((await store.open(3_000)).ended).toHaveLength(2_000)
  })

  it('keeps outcomes while the store fails, says so once, and writes them when it works again', async () => {
    const runner = await start()
    const gate = createGate<string>()
    const running = runner.submit(() => gate)
    await running.accepted
    await runner.flush()
    store.failure = new Error('the disk is full')
    gate.open('result')
    expect(await running).toBe('result')
    await written()
    expect(await failureOf(runner.flush())).toBeInstanceOf(StoreError)
    expect(logged).toHaveLength(1)
    store.failure = undefined
    await runner.flush()
    await runner.close()
    expect((await store.open(10)).ended).toMatchObject([{ id: 1, status: 'done' }])
    expect(logged).toHaveLength(1)
  })

  it('refuses a newcomer while the store fails, however much waits to be written', async () => {
    const runner = await start({ workers: 2_000, queueSize: 2_000 })
    const gate = createGate<void>()
    const running = Array.from({ length: 1_200 }, () => runner.submit(() => gate))
    await Promise.all(running.map(({ accepted }) => accepted))
    store.failure = new Error('the disk is full')
    gate.open()
    await Promise.all(running)
    await written()
    expect(await failureOf(runner.submit(new CountingTask(1)).accepted)).toBeInstanceOf(StoreError)
    expect(CountingTask.runs).toEqual([])
    store.failure = undefined
    await runner.close()
    expect((await store.open(2_000)).unfinished).toEqual([])
  })

  it('says what was not written when the runner closes, and close does not reject', async () => {
    const runner = await start()
    await runner.submit(() => 1)
    store.failure = 'no error at all'
    expect(await runner.close()).toMatchObject({ done: 1 })
    expect(logged.at(-1)).toBeInstanceOf(StoreError)
    expect((logged.at(-1) as Error).message).toContain('1 task')
  })

  it('keeps a record without the result that JSON can not hold, and reports that', async () => {
    const problems: unknown[] = []
    const runner = await start({ onError: (error: unknown) => problems.push(error) })
    expect(await runner.submit(() => 10n)).toBe(10n)
    await runner.close()
    expect(problems).toMatchObject([{ code: 'ERR_SERIALIZATION' }])
    expect((await store.open(10)).ended).toMatchObject([{ id: 1, status: 'done' }])
  })

  it('refuses a task that JSON can not hold at the call, and keeps nothing', async () => {
    class Circular extends BaseTask<void> {
      readonly type = 'circular'
      readonly self = this
      run() {}
      static fromJSON() {
        return new Circular()
      }
    }
    const runner = await start({ tasks: [Circular] })
    expect(() => runner.submit(new Circular())).toThrow(SerializationError)
    expect(runner.stats().submitted).toBe(0)
    await runner.close()
    expect(store.batches).toEqual([])
  })

  it('keeps nothing of a task in line for the queue, whatever priority it is given there', async () => {
    const runner = await start({ workers: 1, queueSize: 1, submitPolicy: 'wait' })
    const gate = createGate<void>()
    const running = runner.submit(() => gate)
    await running.accepted
    const queued = runner.submit(new CountingTask(2))
    const inLine = runner.submit(new CountingTask(3))
    await written()
    inLine.priority = 5
    await written()
    const failure = failureOf(inLine.accepted)
    await inLine.cancel()
    expect(await failure).toBeInstanceOf(TaskCancelledError)
    gate.open()
    await Promise.all([running, queued])
    await runner.close()
    expect(new Set(store.batches.flat().map(({ id }) => id))).toEqual(new Set([running.id, queued.id]))
  })

  it('leaves nothing of a task that was cancelled before it had a place in the queue', async () => {
    const gate = createGate<void>()
    const runner = await start({ workers: 1, queueSize: 0, submitPolicy: 'wait' })
    const running = runner.submit(() => gate)
    const waiting = runner.submit(new CountingTask(1))
    await running.accepted
    await waiting.cancel()
    gate.open()
    await runner.close()
    expect((await store.open(10)).ended).toMatchObject([{ id: 1 }])
  })
})
