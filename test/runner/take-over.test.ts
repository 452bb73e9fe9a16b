import { beforeEach, describe, expect, it } from 'vitest'
import { type StoredTask, TaskRunner, type TaskStore } from '../../src/index.ts'
import { encodeTask } from '../../src/store/encode.ts'
import { CountingTask } from './counting-task.ts'

const MANY = 5_000

/** What `MANY` tasks leave in a store, the last of them with the highest priority. */
function unfinishedTasks(job: (n: number) => string | undefined): StoredTask[] {
  return Array.from({ length: MANY }, (_, n) => {
    const times = { createdAt: 1_000, updatedAt: 1_000 }
    const record = {
      id: n + 1,
      name: `task ${n + 1}`,
      status: 'pending',
      priority: 0,
      attempt: 0,
      attempts: [],
    } as const
    return encodeTask({ ...record, ...times, abandoned: false }, job(n)).task
  })
}

function jobOf(n: number): string {
  const options = { name: `task ${n + 1}`, priority: n === MANY - 1 ? 1 : 0 }
  return JSON.stringify({ task: 'CountingTask', payload: { n, ms: 0 }, options })
}

class StoreWithPast implements TaskStore {
  written: StoredTask[] = []
  closes = 0
  readonly #unfinished: readonly StoredTask[]

  constructor(unfinished: readonly StoredTask[]) {
    this.#unfinished = unfinished
  }

  async open() {
    return { lastId: MANY, unfinished: this.#unfinished, ended: [] }
  }

  async write(tasks: readonly StoredTask[]) {
    this.written.push(...tasks)
  }

  async close() {
    this.closes += 1
  }
}

/** How many turns the event loop had until it was settled. */
async function turnsDuring(promise: Promise<unknown>, each: (turn: number) => void = () => {}): Promise<number> {
  let over = false
  const end = () => {
    over = true
  }
  promise.then(end, end)
  let turns = 0
  while (!over) {
    await new Promise(resolve => setImmediate(resolve))
    each(++turns)
  }
  return turns
}

beforeEach(() => {
  CountingTask.runs = []
})

describe('many unfinished tasks', () => {
  const options = (store: TaskStore) => ({ store, tasks: [CountingTask], workers: 1, logger: false as const })

  it('are taken over in pieces, and none starts before all are there', async () => {
    const starting = TaskRunner.start(options(new StoreWithPast(unfinishedTasks(jobOf))))
    const turns = await turnsDuring(starting, () => {
      if (CountingTask.runs.length > 0) expect(CountingTask.runs[0]).toBe(MANY - 1)
    })
    // Twice, once for what they are and once for the queue, with at most 500 in each piece.
    expect(turns).toBeGreaterThanOrEqual((2 * MANY) / 500)
    const runner = await starting
    await runner.drain()
    expect(runner.submit(() => 'new').id).toBe(MANY + 1)
    expect(CountingTask.runs).toEqual([MANY - 1, ...Array.from({ length: MANY - 1 }, (_, n) => n)])
    await runner.close()
  })

  it('fail in pieces', async () => {
    const store = new StoreWithPast(unfinishedTasks(() => undefined))
    const starting = TaskRunner.start(options(store))
    expect(await turnsDuring(starting)).toBeGreaterThanOrEqual((2 * MANY) / 500 - 1)
    expect(store.written.map(({ id, status }) => [id, status])).toEqual(
      Array.from({ length: MANY }, (_, n) => [n + 1, 'failed']),
    )
    await (await starting).close()
  })

  it.each([1, 8, 14])('stay as they are when the signal is aborted in turn %i', async when => {
    const store = new StoreWithPast(unfinishedTasks(jobOf))
    const stopping = new AbortController()
    const starting = TaskRunner.start({ ...options(store), signal: stopping.signal })
    const outcome = starting.then(
      () => 'started',
      reason => reason,
    )
    await turnsDuring(outcome, turn => {
      if (turn === when) stopping.abort('over')
    })
    expect(await outcome).toBe('over')
    expect(store).toMatchObject({ written: [], closes: 1 })
    expect(CountingTask.runs).toEqual([])
  })

  it('keep a runner with a short idleTimeout open while it takes them over', async () => {
    const past = unfinishedTasks(n => {
      const { options: given, ...job } = JSON.parse(jobOf(n))
      return JSON.stringify({ ...job, options: n < MANY / 2 ? { ...given, deadline: 1 } : given })
    })
    const runner = await TaskRunner.start({ ...options(new StoreWithPast(past)), idleTimeout: 0 })
    await runner.drain()
    expect(CountingTask.runs).toHaveLength(MANY / 2)
    await runner.close()
  })
})
