import { AsyncLocalStorage } from 'node:async_hooks'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { OrderedQueue } from '../../src/collections/queues.ts'
import {
  callLimit,
  type Limit,
  type LimitPermit,
  type LimitSet,
  type Limits,
  limitPool,
  limits,
  perKey,
  rateLimit,
  resourceLimit,
  Semaphore,
  TaskManager,
  TaskRunner,
} from '../../src/index.ts'
import { Line } from '../../src/limits/acquire/line.ts'
import { createGate, exploreAll, runVirtual, settle } from '../../src/testing.ts'
import { TaskWorker, task } from '../../src/worker.ts'
import { runs } from '../fuzz/runs.ts'
import { until } from '../harness.ts'
import { delay, failureOf } from '../work.ts'

const lock = (key: string) => resourceLimit({ key, capacity: 1 })

/** Has the garbage collector take what it can. What a job has looked at stays to its end, so there are several. */
async function collect(): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    await settle()
    globalThis.gc?.()
  }
  await settle()
}

describe('perKey', () => {
  it('gives each key a limit of its own, and the same one as long as it is in use', () => {
    const made: string[] = []
    const perHost = perKey((host: string) => {
      made.push(host)
      return callLimit(2, 1_000)
    })
    const [a, b] = [perHost('a'), perHost('b')]
    expect(perHost('a')).toBe(a)
    expect(perHost('b')).not.toBe(a)
    expect(b.capacity).toBe(2)
    expect(made).toEqual(['a', 'b'])
    expect(perHost.size).toBe(2)
    expect(inspect(perHost)).toBe('LimitPerKey { size: 2 }')
  })

  it('takes whatever a Map takes for a key, and keeps a semaphore a semaphore', async () => {
    const account = {}
    const lockOf = perKey((_: object | number | undefined) => new Semaphore(1))
    for (const key of [account, Number.NaN, undefined]) expect(lockOf(key)).toBe(lockOf(key))
    const log: string[] = []
    const turn = (name: string) =>
      lockOf(account).use(async () => {
        log.push(`${name} begins`)
        await settle()
        log.push(`${name} ends`)
      })
    await Promise.all([turn('first'), turn('second')])
    expect(log).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
  })

  it('refuses what makes no limit, and what it cannot keep', () => {
    expect(() => perKey('make' as never)).toThrow(TypeError)
    expect(() => perKey(() => 5 as never)('a')).toThrow(TypeError)
    expect(() => perKey((async () => callLimit(1, 1)) as never)('a')).toThrow(TypeError)
    const external = { acquire: () => ({ release() {} }) }
    expect(() => perKey(() => external)('a')).toThrow(/external/)
    expect(() => perKey(() => limits([callLimit(1, 1), external]))('a')).toThrow(/external/)
    expect(() => perKey(() => limitPool([callLimit(1, 1), external]))('a')).toThrow(/external/)
  })

  it('keeps nothing of a limit that could not be made', () => {
    let broken = true
    const perHost = perKey((host: string) => {
      if (broken) throw new Error(`no ${host}`)
      return lock(host)
    })
    expect(() => perHost('a')).toThrow('no a')
    expect(perHost.size).toBe(0)
    broken = false
    expect(perHost('a').key).toBe('a')
  })

  it('has one limit of a key also where making it asks for it', () => {
    let depth = 0
    let inner: unknown
    const perHost = perKey((host: string): ReturnType<typeof lock> => {
      depth += 1
      if (depth === 1) inner = perHost(host)
      return lock(host)
    })
    expect(perHost('a')).toBe(inner)
    expect(depth).toBe(2)
  })

  it('is told from a limit, which a task needs, by the key', async () => {
    const manager = await TaskManager.start()
    const perHost = perKey(lock)
    expect(() => manager.spawn(() => {}, { limits: perHost as never })).toThrow(/call it, as in limits: perHost/)
    await manager.close()
  })
})

describe('a limit of many', () => {
  it('is dropped when nobody has it, and made anew when asked for', async () => {
    const perHost = perKey(lock)
    perHost('a')
    perHost('b').tryAcquire()?.release()
    await until(async () => {
      await collect()
      return perHost.size === 0
    })
    expect(perHost('a').tryAcquire()).toBeDefined()
  })

  it('stays while a permit of it is held, or a request stands in its line', async () => {
    const makes: Record<string, () => Limits> = {
      limit: () => lock('a'),
      semaphore: () => new Semaphore(1),
      set: () => limits([lock('a'), lock('b')]),
      pool: () => limitPool([lock('a')]),
      'set within a pool': () => limitPool([limits([lock('a'), new Semaphore(1)])]),
    }
    for (const [name, make] of Object.entries(makes)) {
      const of = perKey((_: string) => make())
      const acquire = () => of('a').acquire() as PromiseLike<Disposable>
      const first = await acquire()
      const second = acquire()
      let granted = false
      void second.then(() => {
        granted = true
      })
      await collect()
      expect(granted, name).toBe(false)
      first[Symbol.dispose]()
      const permit = await second
      const third = acquire()
      await collect()
      permit[Symbol.dispose]()
      ;(await third)[Symbol.dispose]()
    }
  })

  it('stays while a task has it, which waits, runs or is to be tried again', async () => {
    await using manager = await TaskManager.start(10)
    const perHost = perKey(lock)
    let running = 0
    const gates = Array.from({ length: 4 }, createGate)
    const work = (gate: PromiseLike<void>) => async () => {
      running += 1
      expect(running).toBe(1)
      await gate
      running -= 1
    }
    for (const gate of gates) {
      manager.spawn(work(gate), { limits: perHost('a') })
      await collect()
    }
    for (const gate of gates) {
      gate.open()
      await collect()
    }
    await manager.drain()
    expect(manager.stats()).toMatchObject({ done: 4 })
  })

  it.each(['sliding-window', 'fixed-window', 'token-bucket'] as const)(
    'remembers its %s when nobody has it, and is dropped when that is over',
    async algorithm => {
      await runVirtual(async () => {
        const perHost = perKey((key: string) => rateLimit({ key, capacity: 2, per: 100, algorithm }))
        for (const host of ['a', 'b']) for (let call = 0; call < 2; call += 1) perHost(host).tryAcquire()?.release()
        for (const at of [10, 40]) {
          await delay(at)
          await collect()
          expect(perHost('a').stats().used).toBeGreaterThan(0)
        }
        perHost('a').tryAcquire({ a: 0 })
        await delay(200)
        await collect()
        await collect()
        expect(perHost.size).toBe(0)
        expect(perHost('a').stats().used).toBe(0)
      })
    },
  )

  it('remembers what is owed, what began late, and what a limit has used before it was one of many', async () => {
    await runVirtual(async () => {
      let made = false
      const perHost = perKey((key: string) => {
        const limit = rateLimit({ key, capacity: 2, per: 100 })
        if (key === 'used' && !made) made = limit.tryAcquire() !== undefined
        return limit
      })
      const permit = perHost('owed').tryAcquire() as LimitPermit
      permit.settle({ owed: 4 })
      permit.release()
      const late = perHost('late').tryAcquire() as LimitPermit
      late.postpone()
      perHost('used')
      await delay(99)
      await collect()
      late.begin()
      expect(perHost('used').stats().used).toBe(1)
      await delay(50)
      await collect()
      expect(perHost('owed').stats().used).toBe(2)
      expect(perHost('late').stats().used).toBe(1)
      await delay(49)
      expect(perHost('late').stats().used).toBe(1)
    })
  })

  it('is no other while a variable has it, however long it was idle', async () => {
    await runVirtual(async () => {
      const perHost = perKey((_: string) => callLimit(1, 10))
      const kept = perHost('a')
      kept.tryAcquire()
      await delay(60_000)
      await collect()
      expect(perHost('a')).toBe(kept)
      kept.tryAcquire()
      expect(perHost('a').tryAcquire()).toBeUndefined()
    })
  })

  it('leaves alone what several keys or tables have in common', async () => {
    await runVirtual(async () => {
      const inAll = rateLimit({ key: 'all', capacity: 3, per: 1_000_000 })
      const perDomain = perKey((_: string) => callLimit(2, 1_000_000))
      const perHost = perKey((host: string) => limits([lock(host), inAll, perDomain(host.slice(1))]))
      const take = (host: string) => perHost(host).tryAcquire({ all: 1 })?.release()
      for (const host of ['ax', 'bx', 'cx']) take(host)
      await delay(20_000)
      await collect()
      await collect()
      expect(inAll.stats().used).toBe(2)
      expect(perDomain('x').stats().used).toBe(2)
      expect(perHost.size).toBe(0)
    })
  })

  it('keeps no process alive and no task', async () => {
    const manager = await TaskManager.start()
    const perHost = perKey((_: string) => callLimit(1, 60_000_000))
    const started = vi.spyOn(globalThis, 'setTimeout')
    const permit = perHost('c').tryAcquire()
    expect(started.mock.results.map(({ value }) => value.hasRef())).toEqual([false])
    started.mockRestore()
    permit?.release()
    const alive = await (async () => {
      const large = new Array(10_000).fill(1)
      await manager.spawn(() => perHost('a').tryAcquire()?.release(), { limits: perHost('b') })
      const inThere = perKey((_: string) => callLimit(1, 60_000_000))
      new AsyncLocalStorage().run(large, () => inThere('d').tryAcquire()?.release())
      return new WeakRef(large)
    })()
    await until(async () => {
      await collect()
      return alive.deref() === undefined
    })
    expect(perHost.size).toBe(3)
    await manager.close()
  })
})

describe('limits per key count as though none was ever dropped', () => {
  const KINDS: Readonly<Record<string, (key: string) => Limit | LimitSet>> = {
    lock: (key: string) => lock(key),
    calls: () => callLimit(2, 30),
    bucket: (key: string) => rateLimit({ key, capacity: 3, per: 50, algorithm: 'token-bucket' }),
    both: () => limits([callLimit(3, 40), resourceLimit({ key: 'held', capacity: 2 })]),
  }
  type Step =
    | { readonly do: 'take' | 'release'; readonly key: string }
    | { readonly do: 'wait'; readonly ms: number }
    | { readonly do: 'collect' }
  const key = fc.constantFrom('a', 'b', 'c')
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('take' as const, 'release' as const), key }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
    { weight: 2, arbitrary: fc.constant({ do: 'collect' as const }) },
  )

  it.each(Object.entries(KINDS))('%s', async (_, make) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
        await runVirtual(async () => {
          const perHost = perKey(make)
          const never = new Map<string, Limit | LimitSet>()
          const held: { readonly key: string; readonly permits: readonly LimitPermit[] }[] = []
          for (const each of steps) {
            if (each.do === 'wait') await delay(each.ms)
            else if (each.do === 'collect') await collect()
            else if (each.do === 'take') {
              if (!never.has(each.key)) never.set(each.key, make(each.key))
              const permits = [perHost(each.key).tryAcquire(), never.get(each.key)?.tryAcquire()]
              expect(permits[0] === undefined).toBe(permits[1] === undefined)
              if (permits[0] !== undefined) held.push({ key: each.key, permits: permits as LimitPermit[] })
            } else {
              const index = held.findIndex(one => one.key === each.key)
              if (index >= 0) for (const permit of held.splice(index, 1)[0]?.permits ?? []) permit.release()
            }
          }
        })
      }),
      runs(40),
    )
  })

  it('in whatever order tasks of one key come, end and are cleared away', async () => {
    const orders = await exploreAll(async park => {
      const perHost = perKey(lock)
      const manager = await TaskManager.start(10)
      let running = 0
      const spawned = [1, 2, 3].map(async number => {
        await park(`spawn ${number}`)
        if (number === 2) await collect()
        await manager.spawn(
          async () => {
            running += 1
            expect(running).toBe(1)
            await park(`end ${number}`)
            running -= 1
          },
          { limits: perHost('a') },
        )
        if (number === 1) await collect()
      })
      await Promise.all(spawned)
      await manager.close()
    })
    expect(orders).toBeGreaterThan(10)
  })
})

describe('fair between keys', () => {
  it('who waits for one key holds up no other, and few of them stand in its line', async () => {
    const manager = await TaskManager.start(10)
    const perHost = perKey(lock)
    const gate = createGate()
    const busy = perHost('busy')
    for (let index = 0; index < 100_000; index += 1) void manager.spawn(() => gate, { limits: busy }).catch(() => {})
    const others = ['a', 'b', 'c'].map(host => manager.spawn(() => host, { limits: perHost(host) }))
    expect(await Promise.all(others)).toEqual(['a', 'b', 'c'])
    expect(busy.stats()).toMatchObject({ used: 1 })
    expect(busy.stats().waiting).toBeLessThanOrEqual(10)
    expect(manager.stats()).toMatchObject({ running: 1, pending: 99_999 })
    await manager.cancelAll()
    await manager.close()
  })

  it('keys whose limits are used up are not looked at again for each task', async () => {
    const manager = await TaskManager.start(10)
    const perHost = perKey((host: number) => lock(String(host)))
    const [keys, free] = [1_000, 3_000]
    const permits = Array.from({ length: keys }, (_, host) => perHost(host).tryAcquire() as LimitPermit)
    const waiting = permits.flatMap((_, host) => [1, 2].map(() => manager.spawn(() => {}, { limits: perHost(host) })))
    await settle()
    const peek = vi.spyOn(OrderedQueue.prototype, 'peek')
    for (let index = 0; index < free; index += 1) manager.spawn(() => {}, { limits: perHost(keys + (index % 7)) })
    await until(() => manager.stats().done === free)
    expect(peek.mock.calls.length).toBeLessThan(50 * free)
    peek.mockRestore()
    for (const permit of permits) permit.release()
    await Promise.all(waiting)
    await manager.close()
  })

  it('what keys have in common is handed on without a look at all who wait for it', async () => {
    const manager = await TaskManager.start(20)
    const inAll = resourceLimit({ key: 'all', capacity: 5 })
    const perHost = perKey((host: number) => limits([lock(String(host)), inAll]))
    const keys = 1_000
    const heads = vi.spyOn(Line.prototype, 'head', 'get')
    for (let host = 0; host < keys; host += 1) manager.spawn(() => settle(), { limits: perHost(host) })
    await manager.drain()
    expect(heads.mock.calls.length).toBeLessThan(100 * keys)
    heads.mockRestore()
    expect(manager.stats()).toMatchObject({ done: keys })
    await manager.close()
  })

  it('goes by priority and arrival among those that may start', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.nat(3), priority: fc.nat(2) }), { minLength: 1, maxLength: 20 }),
        async plan => {
          const manager = await TaskManager.start(1)
          const perHost = perKey((host: number) => (host === 0 ? new Semaphore(2) : lock(String(host))))
          const order: number[] = []
          const first = createGate()
          manager.spawn(() => first)
          for (const [index, { key, priority }] of plan.entries()) {
            manager.spawn(() => order.push(index), { limits: perHost(key), priority })
          }
          await settle()
          first.open()
          await manager.drain()
          const expected = plan.map((_, index) => index)
          expected.sort((a, b) => (plan[b]?.priority ?? 0) - (plan[a]?.priority ?? 0) || a - b)
          expect(order).toEqual(expected)
          await manager.close()
        },
      ),
      runs(50),
    )
  })
})

describe('limits by item or arguments', () => {
  /** Work of which no two run at a time for the same host. */
  function hosts() {
    const busy = new Set<string>()
    let most = 0
    const visit = async (url: string) => {
      const host = url.slice(0, 1)
      expect(busy.has(host)).toBe(false)
      busy.add(host)
      most = Math.max(most, busy.size)
      await settle()
      busy.delete(host)
      return url
    }
    return { visit, most: () => most }
  }
  const urls = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']
  const hostOf = (url: string) => url.slice(0, 1)

  it('in a map', async () => {
    await using manager = await TaskManager.start(10)
    const perHost = perKey(lock)
    const { visit, most } = hosts()
    expect(await manager.map(urls, visit, { limits: url => perHost(hostOf(url)) }).toArray()).toEqual(urls)
    expect(most()).toBe(3)
    expect(await manager.map(['a', 'b'], visit, { limits: perHost }).toArray()).toEqual(['a', 'b'])
    expect(await manager.map(urls, url => url, { limits: () => undefined, cost: { a: 1 } }).toArray()).toEqual(urls)
  })

  it('in a map with amounts, in place of the default limits', async () => {
    const inUse = resourceLimit({ key: 'usual', capacity: 1 })
    await using manager = await TaskManager.start({ defaults: { limits: inUse } })
    const perHost = perKey((host: string) => resourceLimit({ key: 'megabytes', capacity: host === 'a' ? 10 : 5 }))
    const used: unknown[] = []
    const look = (url: string) => used.push(perHost(hostOf(url)).stats().used, inUse.stats().used)
    await manager.map(['a1', 'b1'], look, { limits: url => perHost(hostOf(url)), cost: { megabytes: 5 } }).toArray()
    expect(used).toEqual([5, 0, 5, 0])
    const tooMuch = manager.map(['b1'], look, { limits: url => perHost(hostOf(url)), cost: { megabytes: 6 } })
    expect(await failureOf(tooMuch.toArray())).toBeInstanceOf(RangeError)
  })

  it('a function that fails ends the loop of its map', async () => {
    await using manager = await TaskManager.start()
    const error = new Error('no host')
    const results = manager.map(urls, url => url, {
      limits: url => {
        if (url === 'b1') throw error
        return undefined
      },
    })
    expect(await failureOf(results.toArray())).toBe(error)
    const wrong = manager.map(urls, url => url, { limits: () => 5 as never })
    expect(await failureOf(wrong.toArray())).toBeInstanceOf(TypeError)
    expect(manager.stats()).toMatchObject({ pending: 0, running: 0 })
  })

  it('in task() and TaskWorker, their maps and overrides', async () => {
    const perHost = perKey(lock)
    const { visit, most } = hosts()
    const visitTask = task(visit, { maxWorkers: 10, limits: url => perHost(hostOf(url)) })
    expect(await Promise.all(urls.map(url => visitTask(url)))).toEqual(urls)
    expect(await visitTask.map(urls).toArray()).toEqual(urls)
    expect(most()).toBe(3)
    const error = new Error('no host')
    const failing = visitTask.with({
      limits: () => {
        throw error
      },
    })
    expect(() => failing('a')).toThrow(error)
    expect(visitTask.stats()).toMatchObject({ pending: 0, running: 0 })
    const free = visitTask.with({ limits: () => undefined, cost: url => ({ [url]: 1 }) })
    expect(await free('a1')).toBe('a1')
    await visitTask.stop()

    const worker = await TaskWorker.start({ maxWorkers: 10 })
    expect(await worker.map(visit, urls, { limits: (url: string) => perHost(hostOf(url)) }).toArray()).toEqual(urls)
    await worker.stop()
  })

  it('in a thread, a scope and a runner', async () => {
    const perHost = perKey(lock)
    const { visit } = hosts()
    await using runner = await TaskRunner.start()
    await Promise.all(urls.map(url => runner.submit(() => visit(url), { limits: perHost(hostOf(url)) })))
    await runner.manager.scope(async scope => {
      for (const url of urls) scope.spawn(() => visit(url), { limits: perHost(hostOf(url)) })
    })
    const held = await perHost('a').acquire()
    const inThread = task((url: string) => url, { mode: 'thread', maxWorkers: 1, limits: url => perHost(hostOf(url)) })
    const waiting = inThread('a1')
    expect(await inThread('b1')).toBe('b1')
    expect(waiting.done()).toBe(false)
    held.release()
    expect(await waiting).toBe('a1')
    await inThread.stop()
  })
})
