import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { resourceLimit } from '../../src/index.ts'
import { type TaskFunction, task, type WorkerOptions } from '../../src/worker.ts'
import { failOnce, gated, note, takeMore } from '../fixtures/bullmq/functions.ts'
import { until } from '../harness.ts'
import { cleanUp } from '../servers/clean-up.ts'
import { describeEachServer } from '../servers/describe-each-server.ts'
import { ownQueue, queueName } from '../servers/queues.ts'
import { failureOf } from '../work.ts'
import { eventCount, waitingJobs } from './faults/engine.ts'
import { startWorker, type WorkerProcess } from './worker-process.ts'

const FUNCTIONS = new URL('../fixtures/bullmq/functions.ts', import.meta.url)

describeEachServer('calls that are the same call', server => {
  const { url: connection } = server
  const queue = queueName('shared-calls')
  const open: TaskFunction[] = []
  let worker: WorkerProcess
  let folder: string
  let notes: string
  let gate: string

  /** A caller of its own, as another process would be one. */
  function caller<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    options: WorkerOptions = {},
  ): TaskFunction<A, R> {
    // Another time limit is another client, with connections of its own.
    const made = task(fn, { mode: 'distributed', queue, connection, connectTimeout: 10_000 + open.length, ...options })
    open.push(made as unknown as TaskFunction)
    return made
  }

  const lines = () => (existsSync(notes) ? readFileSync(notes, 'utf8').split('\n').slice(0, -1) : [])
  const started = (times: number) => until(() => lines().filter(line => line.startsWith('started')).length === times)

  beforeAll(async () => {
    worker = await startWorker(FUNCTIONS, { connection, queue, maxTasks: 10 })
  })
  afterAll(async () => {
    await worker[Symbol.asyncDispose]()
    await cleanUp(server, queue)
  })
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'taskscope-shared-'))
    notes = join(folder, 'notes')
    gate = join(folder, 'gate')
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map(made => made.close({ timeout: 0 })))
    rmSync(folder, { recursive: true })
  })

  it('run once while one is in flight, for callers everywhere', async () => {
    const [one, two] = [caller(gated<string>, { key: 'one' }), caller(gated<string>, { key: 'one' })]
    const calls = [one(notes, gate, 'first'), one(notes, gate, 'second')]
    await started(1)
    calls.push(two(notes, gate, 'third'))
    await until(() => one.stats().active === 2 && two.stats().active === 1)
    writeFileSync(gate, '')
    const results = await Promise.all(calls)
    expect(new Set(results).size).toBe(1)
    expect(lines()).toHaveLength(1)
    expect(await one(notes, gate, 'later')).toBe('later')
    expect(lines()).toHaveLength(2)
  })

  it('are told apart by what the key is made of', async () => {
    const keyed = caller(note, { key: (_: string, line: string | number) => `line ${line}` })
    expect(await Promise.all([keyed(notes, 1), keyed(notes, 2), keyed(notes, 3)])).toEqual(['1', '2', '3'])
  })

  it('leave it to the others when one is cancelled, and stop when the last one is', async () => {
    const [one, two] = [caller(gated<string>, { key: 'stop' }), caller(gated<string>, { key: 'stop' })]
    const [first, second] = [one(notes, gate, 'x'), one(notes, gate, 'x')]
    await until(() => one.stats().active === 2)
    await started(1)
    await first.cancel('no more')
    expect(await failureOf(first)).toMatchObject({ name: 'TaskCancelledError', cause: 'no more' })
    expect(second.status).toBe('running')
    expect(lines()).toHaveLength(1)
    const other = two(notes, gate, 'x')
    await until(() => two.stats().active === 1)
    await second.cancel()
    // The next call that wants the result has it computed again.
    await started(2)
    writeFileSync(gate, '')
    expect(await other).toBe('x')
  })

  it('leave it to other callers when one is cancelled while it waits for a worker', async () => {
    const lonely = ownQueue(server, 'shared-waiting')
    const [one, two] = [caller(note, { key: 'wait', queue: lonely }), caller(note, { key: 'wait', queue: lonely })]
    const first = one(notes, 'first')
    await until(async () => (await waitingJobs(server, lonely)) === 1)
    const second = two(notes, 'second')
    await until(async () => (await eventCount(server, lonely, 'deduplicated')) === 1)
    await first.cancel('no more')
    await using _worker = await startWorker(FUNCTIONS, { connection, queue: lonely })
    expect(await second).toBe('second')
    expect(lines()).toEqual(['second'])
  })

  it('leave it to the others when one is cancelled that is only being added', async () => {
    const made = caller(gated<string>, { key: 'join' })
    const first = made(notes, gate, 'x')
    await started(1)
    for (const turns of [1, 2, 3, 4]) {
      const other = made(notes, gate, 'x')
      await other.accepted
      for (let turn = 0; turn < turns; turn += 1) await setImmediate()
      await other.cancel('no more')
      expect(await failureOf(other)).toMatchObject({ cause: 'no more' })
    }
    writeFileSync(gate, '')
    expect(await first).toBe('x')
    expect(lines()).toHaveLength(1)
  })

  it('take of the limits of one of them, and of those of another when that is cancelled', async () => {
    const tokens = resourceLimit({ key: 'tokens', capacity: 5 })
    const held = await tokens.acquire({ tokens: 5 })
    const made = caller(takeMore, { key: 'limits', limits: tokens, cost: { tokens: 0 } })
    const [first, second] = [made(3), made(3)]
    await until(() => made.stats().active === 2 && tokens.stats().waiting > 0)
    expect(tokens.stats().waiting).toBe(1)
    await first.cancel('no more')
    held.release()
    expect(await second).toBe('took 3')
    expect(tokens.stats()).toMatchObject({ used: 0, waiting: 0 })
  })

  it('stop when all of them are cancelled at once', async () => {
    const made = caller(gated<string>, { key: 'all' })
    const calls = [made(notes, gate, 'x'), made(notes, gate, 'x')]
    await until(() => made.stats().active === 2)
    await started(1)
    await Promise.all(calls.map(call => call.cancel('no more')))
    expect(lines()).toContain('stopped')
    for (const call of calls) expect(await failureOf(call)).toMatchObject({ cause: 'no more' })
  })

  it('are computed once while their result is kept', async () => {
    const [one, two] = [caller(note, { cache: { ttl: 60_000 } }), caller(note, { cache: { ttl: 60_000 } })]
    expect(await one(notes, 'kept')).toBe('kept')
    expect(await one(notes, 'kept')).toBe('kept')
    expect(await two(notes, 'kept')).toBe('kept')
    expect(lines()).toEqual(['kept'])
    expect(await two(notes, 'other')).toBe('other')
    expect(lines()).toEqual(['kept', 'other'])
  })

  it('are computed once though they come all at once from several callers', async () => {
    const callers = [1, 2, 3].map(() => caller(note, { cache: { ttl: 60_000 } }))
    const calls = callers.flatMap(one => Array.from({ length: 20 }, (_, line) => one(notes, line % 4)))
    expect((await Promise.all(calls)).sort()).toEqual(calls.map((_, index) => String(index % 4)).sort())
    expect(lines().sort()).toEqual(['0', '1', '2', '3'])
  })

  it('are computed again when the time is over', async () => {
    const brief = caller(note, { cache: { ttl: 1 } })
    await brief(notes, 'brief')
    await until(async () => {
      await brief(notes, 'brief')
      return lines().length > 1
    })
  })

  it('are computed again after a failure', async () => {
    const kept = caller(failOnce, { cache: { ttl: 60_000 } })
    expect(await failureOf(kept(notes))).toMatchObject({ message: 'first' })
    expect(await kept(notes)).toBe('second')
    expect(await kept(notes)).toBe('second')
    expect(lines()).toEqual(['first', 'second'])
  })

  it('have to be told apart somehow: wrong keys and times are refused', () => {
    expect(() => caller(note, { key: 5 as never })).toThrow(TypeError)
    expect(() => caller(note, { cache: { ttl: 0 } })).toThrow(RangeError)
    expect(() => caller(note, { cache: 5 as never })).toThrow(TypeError)
    expect(() => task(note, { mode: 'async', cache: { ttl: 1 } })).toThrow(/cache needs the mode 'distributed'/)
    expect(() => caller(note, { key: 'a', onDuplicate: 'replace' })).toThrow(/'join' alone in the mode 'distributed'/)
    expect(() => caller(note, { key: 'a', keepKeyFor: 5 })).toThrow(/cache: \{ ttl \}/)
  })

  it('fail alone when their key can not be made', async () => {
    const broken = caller(note, {
      key: () => {
        throw new RangeError('no key')
      },
    })
    expect(await failureOf(broken(notes, 1))).toMatchObject({ message: 'no key' })
  })
})
