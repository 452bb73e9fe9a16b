import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { BaseTask, resourceLimit, Semaphore, TaskManager, TaskRunner } from '../../src/index.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import { task } from '../../src/worker.ts'
import { until } from '../harness.ts'
import { temporaryFolder } from '../servers/temporary-folder.ts'
import { bodyOf, firstPicture, get, opened, post } from './set-up.ts'

class Square extends BaseTask<number> {
  static readonly type = 'square'
  readonly type = 'square'
  readonly side: number

  constructor(side: number) {
    super()
    this.side = side
  }

  run(): number {
    return this.side ** 2
  }

  toJSON(): object {
    return { side: this.side }
  }

  static fromJSON({ side }: { side: number }): Square {
    return new Square(side)
  }
}

const HOSTILE = '<img src=x onerror=alert(1)>'
const quiet = { onError() {} }
const forever = ({ signal }: { signal: AbortSignal }) => sleep(1e8, undefined, { signal })

describe('what is shown', () => {
  it('is what runs and waits, and for what', async () => {
    await using manager = await TaskManager.start({ name: 'main', maxTasks: 3, closeTimeout: 0 })
    const limit = resourceLimit({ key: 'disk', capacity: 1 })
    const inner = manager.spawn(forever, { name: 'inner', type: 'kind' })
    manager.spawn(async () => await inner, { name: 'outer' }).catch(() => {})
    manager.spawn(forever, { name: 'holder', limits: limit })
    manager.spawn(forever, { name: 'behind' })
    const handler = opened(manager)
    await until(() => manager.stats().running === 3)
    const { targets } = await firstPicture(handler)
    const [{ running, pending, stats }] = targets
    expect(stats).toMatchObject({ running: 3, pending: 1, maxTasks: 3 })
    expect(running).toMatchObject([
      { id: 1, name: 'inner', type: 'kind', status: 'running', attempt: 1 },
      { id: 2, waits: { kind: 'task', tasks: [{ id: 1 }] } },
      { id: 3, name: 'holder' },
    ])
    expect(pending).toMatchObject([{ id: 4, waits: { kind: 'slot' } }])
    manager.maxTasks = 10
    manager.spawn(forever, { name: 'limited', limits: limit })
    manager.spawn(
      () => {
        throw new Error('not yet')
      },
      { name: 'again', retry: { retries: 1, wait: 1e6 } },
    )
    await until(() => manager.get(6)?.record().attempts.length === 1 && manager.get(6)?.status === 'pending')
    const later = await firstPicture(handler)
    const waits = Object.fromEntries(later.targets[0].pending.map((one: { name: string }) => [one.name, one]))
    expect(waits.limited.waits).toEqual({ kind: 'limit', names: ['disk'] })
    expect(waits.again).toMatchObject({ lastError: 'Error: not yet', waits: { kind: 'retry' } })
    expect(waits.again.waits.at).toBeGreaterThan(Date.now())
    expect(later.targets[0].limits).toEqual([{ name: 'disk', used: 1, available: 0, waiting: 1, utilisation: 1 }])
    manager.pause()
    manager.spawn(forever, { name: 'paused' })
    const { targets: paused } = await firstPicture(handler)
    expect(paused[0].pending.at(-1)).toMatchObject({ name: 'paused', waits: { kind: 'resume' } })
  })

  it('is of many targets by their names', async () => {
    await using runner = await TaskRunner.start({ name: 'runner' })
    await using one = await TaskManager.start({ name: 'same' })
    await using two = await TaskManager.start({ name: 'same' })
    await using double = task(
      function double(x: number) {
        return 2 * x
      },
      { mode: 'async' },
    )
    await double(1)
    const handler = opened([runner, one, two, double, new Semaphore(2), resourceLimit({ key: 'disk', capacity: 4 })])
    const { targets, limits } = await firstPicture(handler)
    expect(targets.map(({ name, kind }: Record<string, string>) => [name, kind])).toEqual([
      ['runner', 'runner'],
      ['same', 'manager'],
      ['same 2', 'manager'],
      ['double', 'worker'],
    ])
    expect(limits.map(({ name }: { name: string }) => name)).toEqual(['semaphore', 'disk'])
    const named = await firstPicture(opened({ a: one, b: two }))
    expect(named.targets.map(({ name }: { name: string }) => name)).toEqual(['a', 'b'])
  })

  it('are the workers of a pool, with what they hold', async () => {
    await using square = task((x: number) => x * x, { mode: 'thread', maxWorkers: 1 })
    await square(3)
    const handler = opened({ square })
    await firstPicture(handler)
    const [worker] = await until(async () => {
      const { targets } = await firstPicture(handler)
      return targets[0].workers[0]?.bytes > 0 && targets[0].workers
    })
    expect(worker).toMatchObject({ number: 1, state: 'idle', dispatched: 1, active: 0 })
  })

  it('marks what stands still, and counts it', async () => {
    await using manager = await TaskManager.start({ name: 'main', stuckAfter: 5, closeTimeout: 0, logger: false })
    const stuck = new Promise(resolve => manager.on('stuck', resolve))
    const handler = opened(manager)
    manager.spawn(forever)
    await stuck
    const [target] = (await firstPicture(handler)).targets
    expect(target.stuck).toBe(1)
    const { updatedAt, stuckSince } = await bodyOf(handler(get('/api/task?target=main&id=1')))
    expect([target.running[0].stuckSince, stuckSince]).toEqual([updatedAt, updatedAt])
  })

  it('is bounded, however much there is', async () => {
    await using manager = await TaskManager.start({ maxTasks: 1_000, closeTimeout: 0 })
    for (let count = 0; count < 3_000; count++) manager.spawn(forever, { name: 'x'.repeat(10_000) })
    await until(() => manager.stats().running === 1_000)
    const picture = await firstPicture(opened(manager))
    expect(picture.targets[0].running).toHaveLength(200)
    expect(picture.targets[0].pending).toHaveLength(50)
    expect(JSON.stringify(picture).length).toBeLessThan(200_000)
  })
})

describe('the history', () => {
  it('is searched by status, type, name and error, in pages, newest first', async () => {
    await using runner = await TaskRunner.start({ name: 'runner', queueSize: 1_000, ...quiet })
    for (let count = 1; count <= 120; count++) {
      const fails = count % 10 === 0
      runner.submit(
        () => {
          if (fails) throw Object.assign(new Error(`disk ${count} is full`), { code: 'ENOSPC' })
        },
        { name: `copy ${count}`, type: fails ? 'bad' : 'good', ...(count === 7 && { tags: ['night', 'Disk 7'] }) },
      )
    }
    await runner.drain()
    const handler = opened(runner)
    const search = (query: string) => bodyOf(handler(get(`/api/history?target=runner&${query}`)))
    const first = await search('limit=50')
    const ids = first.rows.map(({ id }: { id: number }) => id)
    expect(ids).toEqual(Array.from({ length: 50 }, (_, index) => 120 - index))
    const second = await search(`limit=50&before=${first.next}`)
    expect(second.rows[0].id).toBe(70)
    const idsFor = async (query: string) => (await search(query)).rows.map(({ id }: { id: number }) => id)
    expect(await idsFor('status=failed&limit=3')).toEqual([120, 110, 100])
    expect(await idsFor('error=enospc&limit=1')).toEqual([120])
    expect(await idsFor('error=DISK%2050')).toEqual([50])
    expect(await idsFor('type=bad&name=copy%203')).toEqual([30])
    expect(await idsFor('name=nothing')).toEqual([])
    expect(await idsFor('tag=disk')).toEqual([7])
    expect((await search('tag=NIGHT')).rows[0].tags).toEqual(['night', 'Disk 7'])
    expect(await idsFor('tag=day')).toEqual([])
  })

  it('goes on with what only the store of a runner has', async () => {
    const store = sqliteStore(join(temporaryFolder(), 'tasks.db'))
    const options = { name: 'runner', history: 30, queueSize: 200, store, recover: 'ignore' } as const
    await using runner = await TaskRunner.start({ ...options, ...quiet })
    for (let count = 1; count <= 100; count++) {
      runner.submit(() => 1, { name: `copy ${count}`, ...(count % 25 === 0 && { tags: ['old'] }) })
    }
    await runner.drain()
    await runner.flush()
    const handler = opened(runner)
    const seen: number[] = []
    let next: string | undefined = ''
    for (let pages = 0; next !== undefined && pages < 20; pages++) {
      const found: { rows: { id: number }[]; next?: string } = await bodyOf(
        handler(get(`/api/history?target=runner&limit=20&before=${next}`)),
      )
      seen.push(...found.rows.map(({ id }) => id))
      next = found.next
    }
    expect(seen).toEqual(Array.from({ length: 100 }, (_, index) => 100 - index))
    const tagged = await bodyOf(handler(get('/api/history?target=runner&tag=old')))
    expect(tagged.rows.map(({ id }: { id: number }) => id)).toEqual([100, 75, 50, 25])
    expect(await bodyOf(handler(get('/api/task?target=runner&id=25')))).toMatchObject({ name: 'copy 25' })
  })

  it('of a manager begins with the inspector, and ends with it', async () => {
    await using manager = await TaskManager.start({ name: 'main' })
    await manager.spawn(() => 1)
    const handler = opened(manager)
    await manager.spawn(() => 2, { name: 'seen' })
    const rows = async () => (await bodyOf(handler(get('/api/history?target=main')))).rows
    expect((await rows()).map(({ name }: { name: string }) => name)).toEqual(['seen'])
    handler.close()
    await manager.spawn(() => 3)
    expect(await rows()).toHaveLength(1)
  })

  it('tells of one task with its attempts, causes and stacks', async () => {
    await using manager = await TaskManager.start({ name: 'main', ...quiet })
    const handler = opened(manager)
    const handle = manager.spawn(
      ({ attempt }) => {
        throw new Error(`attempt ${attempt}`, { cause: new TypeError('deep', { cause: 'deepest' }) })
      },
      { retry: 1, name: HOSTILE },
    )
    await handle.catch(() => {})
    const told = await bodyOf(handler(get('/api/task?target=main&id=1')))
    expect(told).toMatchObject({
      name: HOSTILE,
      status: 'failed',
      attempt: 2,
      attempts: [{ error: { message: 'attempt 1' } }, { error: { message: 'attempt 2' } }],
      error: { name: 'Error', message: 'attempt 2', cause: { name: 'TypeError', cause: { message: 'deepest' } } },
    })
    expect(told.error.stack).toContain('inspector-handler.test.ts')
    expect((await handler(get('/api/task?target=main&id=99'))).status).toBe(404)
    expect((await handler(get('/api/task?target=other&id=1'))).status).toBe(400)
  })

  it('shows whatever was returned or thrown, and calls none of it', async () => {
    await using manager = await TaskManager.start({ name: 'main', ...quiet })
    const handler = opened(manager)
    let called = 0
    const trap = () => {
      called += 1
      throw new Error('called')
    }
    const result = {
      get secret() {
        return trap()
      },
      toJSON: trap,
      [Symbol.for('nodejs.util.inspect.custom')]: trap,
      proxy: new Proxy({}, { get: trap, ownKeys: trap, getPrototypeOf: trap }),
      huge: 'x'.repeat(1_000_000),
    }
    await manager.spawn(() => result)
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    await manager.spawn(() => Promise.reject(proxy)).then(undefined, () => {})
    const shown = await bodyOf(handler(get('/api/task?target=main&id=1')))
    expect(shown.result).toContain('secret: [Getter]')
    expect(shown.result.length).toBeLessThan(10_000)
    expect(called).toBe(0)
    expect(await bodyOf(handler(get('/api/task?target=main&id=2')))).toMatchObject({ status: 'failed' })
    expect((await bodyOf(handler(get('/api/history?target=main&error=x')))).rows).toBeDefined()
  })
})

describe('an action', () => {
  it('cancels, and answers when the work has stopped', async () => {
    await using manager = await TaskManager.start({ name: 'main' })
    const handler = opened(manager)
    const cleaned = Promise.withResolvers<void>()
    const handle = manager.spawn(async ({ signal }) => {
      await sleep(1e8, undefined, { signal }).catch(() => {})
      await cleaned.promise
      throw signal.reason
    })
    await until(() => handle.status === 'running')
    let answered = false
    const answer = bodyOf(handler(post({ target: 'main', action: 'cancel', id: 1 }))).finally(() => {
      answered = true
    })
    await until(() => handle.status === 'stopping')
    expect(answered).toBe(false)
    expect((await firstPicture(handler)).targets[0].running[0]).toMatchObject({
      status: 'stopping',
      waits: { kind: 'cleanup' },
    })
    cleaned.resolve()
    expect(await answer).toEqual({ cancelled: true, status: 'cancelled', abandoned: false })
    expect(await bodyOf(handler(post({ target: 'main', action: 'cancel', id: 1 })))).toEqual({ cancelled: false })
  })

  it('runs a task again that can be, and says of which that is so', async () => {
    await using runner = await TaskRunner.start({ name: 'main', tasks: [Square] })
    const handler = opened(runner)
    await runner.submit(new Square(3))
    await runner.submit(() => 1)
    const rerunnable = async (id: number) => (await bodyOf(handler(get(`/api/task?target=main&id=${id}`)))).rerunnable
    expect([await rerunnable(1), await rerunnable(2)]).toEqual([true, undefined])
    expect(await bodyOf(handler(post({ target: 'main', action: 'rerun', id: 1 })))).toEqual({ id: 3 })
    expect(await runner.wait(3)).toBe(9)
    expect(await bodyOf(handler(get('/api/task?target=main&id=3')))).toMatchObject({
      rerunOf: 1,
      payload: '{ side: 3 }',
    })
    const refused = handler(post({ target: 'main', action: 'rerun', id: 2 }))
    expect((await bodyOf(refused)).error).toContain("can't be run again")
    expect((await bodyOf(handler(post({ target: 'main', action: 'rerun', id: 99 })))).error).toContain('no task 99')
  })

  it('cannot have a manager run a task again', async () => {
    await using manager = await TaskManager.start({ name: 'main' })
    const answer = await opened(manager)(post({ target: 'main', action: 'rerun', id: 1 }))
    expect([answer.status, (await bodyOf(answer)).error]).toEqual([400, 'only a runner can run a task again'])
  })

  it('pauses, resumes and sets maxTasks', async () => {
    await using runner = await TaskRunner.start({ name: 'main' })
    const handler = opened(runner)
    await handler(post({ target: 'main', action: 'pause' }))
    expect(runner.stats().paused).toBe(true)
    await handler(post({ target: 'main', action: 'resume' }))
    expect(runner.stats().paused).toBe(false)
    await handler(post({ target: 'main', action: 'maxTasks', value: 7 }))
    expect(runner.workers).toBe(7)
    await handler(post({ target: 'main', action: 'maxTasks', value: 'Infinity' }))
    expect(runner.workers).toBe(Number.POSITIVE_INFINITY)
  })

  it.each([
    [{ target: 'main', action: 'maxTasks', value: 0 }, 400],
    [{ target: 'main', action: 'maxTasks', value: 'many' }, 400],
    [{ target: 'main', action: 'explode' }, 400],
    [{ target: '__proto__', action: 'pause' }, 400],
    ['[', 400],
    ['null', 400],
    ['"'.padEnd(20_000, 'x'), 413],
  ])('is refused where it makes no sense: %j', async (body, status) => {
    await using manager = await TaskManager.start({ name: 'main', maxTasks: 3 })
    expect((await opened(manager)(post(body))).status).toBe(status)
    expect(manager.stats()).toMatchObject({ maxTasks: 3, paused: false })
  })

  it('is none where it is read-only', async () => {
    await using manager = await TaskManager.start({ name: 'main' })
    const handler = opened(manager, { readOnly: true })
    expect((await handler(post({ target: 'main', action: 'pause' }))).status).toBe(403)
    expect(manager.stats().paused).toBe(false)
    expect((await firstPicture(handler)).readOnly).toBe(true)
  })
})
