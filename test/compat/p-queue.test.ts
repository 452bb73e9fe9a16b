import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import PQueue, { TimeoutError } from '../../src/compat/p-queue.ts'
import { createGate, runVirtual } from '../../src/testing.ts'
import { settle } from '../harness.ts'

/** A task that has stopped as soon as it is told to. */
const obedient = ({ signal }: { signal?: AbortSignal | undefined }) =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))

/** What a queue tells, with its counts at the time. */
function told(queue: PQueue, ...events: Parameters<PQueue['addEventListener']>[0][]): string[] {
  const log: string[] = []
  for (const event of events) queue.addEventListener(event, () => log.push(`${event} ${queue.size} ${queue.pending}`))
  return log
}

describe('add', () => {
  it('gives the result of a function, sync or async', async () => {
    const queue = new PQueue()
    expect(await queue.add(() => 1)).toBe(1)
    expect(await queue.add(async () => 2)).toBe(2)
  })

  it('starts it in the call, if there is room', () => {
    const queue = new PQueue({ concurrency: 1 })
    void queue.add(() => createGate())
    void queue.add(() => createGate())
    expect([queue.pending, queue.size]).toEqual([1, 1])
  })

  it('rejects with the very error that was thrown', async () => {
    const queue = new PQueue()
    const error = new Error('its own')
    const thrown = queue.add(() => {
      throw error
    })
    await expect(thrown).rejects.toBe(error)
    await expect(queue.add(() => Promise.reject(undefined))).rejects.toBeUndefined()
  })

  it('gives a value that would be an operation as it is', async () => {
    function* generator() {
      yield* []
    }
    const made = generator()
    expect(await new PQueue().add(() => made)).toBe(made)
  })

  it('runs in the async context of the call', async () => {
    const store = new AsyncLocalStorage<number>()
    const queue = new PQueue({ concurrency: 1 })
    const seen = [1, 2].map(n => store.run(n, () => queue.add(async () => store.getStore())))
    expect(await Promise.all(seen)).toEqual([1, 2])
  })

  it('runs by priority, first come first served within', async () => {
    const queue = new PQueue({ concurrency: 1, autoStart: false })
    const log: string[] = []
    const add = (name: string, priority?: number) => queue.add(() => log.push(name), { priority })
    const all = [
      add('none'),
      add('one', 1),
      add('zero', 0),
      add('most', Number.POSITIVE_INFINITY),
      add('least', Number.NEGATIVE_INFINITY),
      add('one too', 1),
    ]
    queue.start()
    await Promise.all(all)
    expect(log).toEqual(['most', 'one', 'one too', 'none', 'zero', 'least'])
  })

  it.each([
    [{ priority: Number.NaN }, /`priority`/],
    [{ priority: '1' as never }, /`priority`/],
    [{ timeout: 0 }, /`timeout`/],
    [{ timeout: Number.POSITIVE_INFINITY }, /`timeout`/],
  ])('rejects with a TypeError for %j', async (options, message) => {
    const queue = new PQueue()
    const adding = queue.add(() => 1, options)
    await expect(adding).rejects.toThrow(TypeError)
    await expect(adding).rejects.toThrow(message)
    expect(queue.size).toBe(0)
  })

  it('adds several, and gives their results in order', async () => {
    const queue = new PQueue({ concurrency: 2 })
    expect(await queue.addAll([() => 1, async () => 'two'])).toEqual([1, 'two'])
    await expect(queue.addAll([() => Promise.reject(new Error('one of them'))])).rejects.toThrow('one of them')
  })
})

describe('a signal', () => {
  it('takes a waiting task out, with its reason, and tells no error', async () => {
    const queue = new PQueue({ concurrency: 1 })
    const log = told(queue, 'error', 'next')
    const controller = new AbortController()
    void queue.add(() => createGate())
    const waiting = queue.add(() => 1, { signal: controller.signal })
    controller.abort('enough')
    await expect(waiting).rejects.toBe('enough')
    expect(queue.size).toBe(0)
    expect(log).toEqual(['next 0 1'])
    await expect(queue.add(() => 1, { signal: controller.signal })).rejects.toBe('enough')
  })

  it('rejects a running task with its reason once it has stopped, and tells so', async () => {
    const queue = new PQueue()
    const errors: unknown[] = []
    queue.addEventListener('error', ({ detail }) => errors.push(detail))
    const controller = new AbortController()
    const reason = new Error('enough')
    const running = queue.add(obedient, { signal: controller.signal })
    await settle()
    controller.abort(reason)
    await expect(running).rejects.toBe(reason)
    expect(errors).toEqual([reason])
    expect(queue.pending).toBe(0)
  })

  it('lets a task that does not hear it keep its slot until it has stopped', async () => {
    const queue = new PQueue({ concurrency: 1 })
    const controller = new AbortController()
    const gate = createGate()
    const deaf = queue.add(() => gate, { signal: controller.signal })
    const next = queue.add(() => 'next')
    controller.abort('enough')
    await expect(deaf).rejects.toBe('enough')
    expect([queue.pending, queue.size]).toEqual([1, 1])
    gate.open()
    expect(await next).toBe('next')
  })

  it('is given to a task that has one, or a timeout', async () => {
    const queue = new PQueue()
    const signalOf = ({ signal }: { signal?: AbortSignal | undefined }) => signal
    expect(await queue.add(signalOf)).toBeUndefined()
    expect(await queue.add(signalOf, { signal: new AbortController().signal })).toBeInstanceOf(AbortSignal)
    expect(await queue.add(signalOf, { timeout: 50 })).toBeInstanceOf(AbortSignal)
  })
})

describe('a timeout', () => {
  it('rejects with a TimeoutError, and aborts the signal', async () => {
    await runVirtual(async () => {
      const queue = new PQueue({ timeout: 100 })
      let given: unknown
      const added = queue.add(options => {
        given = options.signal
        return obedient(options)
      })
      const error = (await added.catch(reason => reason)) as Error
      expect((given as AbortSignal).reason).toBe(error)
      expect(error).toBeInstanceOf(TimeoutError)
      expect(error).toBeInstanceOf(DOMException)
      expect(error.name).toBe('TimeoutError')
    })
  })

  it('counts from the start of the task, and can be another or none for one', async () => {
    const { elapsed } = await runVirtual(async () => {
      const queue = new PQueue({ concurrency: 1, timeout: 100 })
      const wait = (ms: number) => () => new Promise<number>(resolve => setTimeout(resolve, ms, ms))
      const all = [queue.add(wait(90)), queue.add(wait(90)), queue.add(wait(500), { timeout: undefined })]
      all.push(queue.add(wait(150), { timeout: 200 }))
      expect(await Promise.all(all)).toEqual([90, 90, 500, 150])
    })
    expect(elapsed).toBe(830)
  })

  it('hands on a timeout error that the task threw itself', async () => {
    const { TaskTimeoutError } = await import('../../src/index.ts')
    const error = new TaskTimeoutError('its own', 1)
    const queue = new PQueue({ timeout: 1_000 })
    await expect(queue.add(() => Promise.reject(error))).rejects.toBe(error)
  })

  it('can be changed for those that come', async () => {
    const gate = createGate()
    const queue = new PQueue({ timeout: 5 })
    queue.timeout = 10_000
    expect(queue.timeout).toBe(10_000)
    const added = queue.add(() => gate, { id: 'a' })
    expect(queue.runningTasks).toMatchObject([{ id: 'a', timeout: 10_000 }])
    gate.open()
    await added
  })
})

describe('the queue', () => {
  it.each([
    [{ concurrency: 0 }, /`concurrency`/],
    [{ concurrency: 1.5 }, /`concurrency`/],
    [{ intervalCap: 0 }, /`intervalCap`/],
    [{ interval: -1 }, /`interval`/],
    [{ interval: Number.POSITIVE_INFINITY }, /`interval`/],
    [{ timeout: -1 }, /`timeout`/],
    [{ strict: true, intervalCap: 1 }, /non-zero `interval`/],
    [{ strict: true, interval: 10 }, /finite `intervalCap`/],
    [{ queueClass: class {} } as never, /`queueClass` is not supported/],
  ])('refuses %j', (options, message) => {
    expect(() => new PQueue(options)).toThrow(message)
    expect(() => new PQueue(options)).toThrow(TypeError)
  })

  it('starts paused with autoStart: false, and can be paused and started', async () => {
    const queue = new PQueue({ autoStart: false })
    const added = queue.add(() => 1)
    expect([queue.isPaused, queue.size, queue.pending]).toEqual([true, 1, 0])
    expect(queue.start()).toBe(queue)
    expect(await added).toBe(1)
    queue.pause()
    expect(queue.isPaused).toBe(true)
  })

  it('starts more when concurrency is raised', () => {
    const queue = new PQueue({ concurrency: 1 })
    for (let n = 0; n < 3; n++) void queue.add(() => createGate())
    queue.concurrency = 2
    expect([queue.concurrency, queue.pending, queue.size]).toEqual([2, 2, 1])
    expect(() => {
      queue.concurrency = 0
    }).toThrow(TypeError)
  })

  it('counts by priority, and changes the priority of one that waits', async () => {
    const queue = new PQueue({ concurrency: 1 })
    const log: string[] = []
    const add = (id: string, priority: number) => queue.add(() => log.push(id), { id, priority })
    const all = [add('running', 0), add('a', 1), add('b', 0), add('c', 1)]
    expect(queue.sizeBy({ priority: 1 })).toBe(2)
    queue.setPriority('b', 2)
    queue.setPriority('a', -1)
    expect(() => queue.setPriority('running', 1)).toThrow(ReferenceError)
    expect(() => queue.setPriority('c', Number.NaN)).toThrow(TypeError)
    await Promise.all(all)
    expect(log).toEqual(['running', 'b', 'c', 'a'])
  })

  it('tells what runs', async () => {
    await runVirtual(async () => {
      const queue = new PQueue()
      const gate = createGate()
      void queue.add(() => gate, { id: 'a', priority: 2, timeout: 1_000 })
      void queue.add(() => gate)
      await new Promise(resolve => setTimeout(resolve, 400))
      const [first, second] = queue.runningTasks
      expect(first).toMatchObject({ id: 'a', priority: 2, timeout: 1_000, timeoutRemaining: 600 })
      expect(second).toMatchObject({ id: '1', priority: 0, timeout: undefined, timeoutRemaining: undefined })
      expect(first?.startTime).toBe(Date.now() - 400)
      gate.open()
      await queue.onIdle()
      expect(queue.runningTasks).toEqual([])
    })
  })

  it('is saturated while tasks wait for a slot', () => {
    const queue = new PQueue({ concurrency: 1 })
    void queue.add(() => createGate())
    expect(queue.isSaturated).toBe(false)
    void queue.add(() => createGate())
    expect(queue.isSaturated).toBe(true)
  })
})

describe('clear', () => {
  it('takes out what waits: an AbortError that may be ignored, and no error event', async () => {
    const queue = new PQueue({ concurrency: 1 })
    const log = told(queue, 'error', 'empty', 'next', 'idle')
    const gate = createGate()
    const running = queue.add(() => gate)
    const cleared = queue.add(() => 1)
    void queue.add(() => 2)
    queue.clear()
    expect([queue.size, log]).toEqual([0, ['empty 0 1', 'next 0 1']])
    const error = await cleared.catch(reason => reason)
    expect([error instanceof DOMException, error.name]).toEqual([true, 'AbortError'])
    gate.open()
    await running
  })
})

describe('waiting', () => {
  it('onEmpty: until nothing waits', async () => {
    const queue = new PQueue({ concurrency: 1 })
    await queue.onEmpty()
    const gate = createGate()
    const first = queue.add(() => gate)
    void queue.add(() => createGate())
    let empty = false
    const emptied = queue.onEmpty().then(() => {
      empty = true
    })
    await settle()
    expect(empty).toBe(false)
    gate.open()
    await first
    await emptied
    expect(queue.pending).toBe(1)
  })

  it('onIdle: until nothing runs either', async () => {
    const queue = new PQueue({ concurrency: 1 })
    await queue.onIdle()
    const log: number[] = []
    for (const n of [1, 2]) void queue.add(async () => log.push(n))
    await queue.onIdle()
    expect(log).toEqual([1, 2])
  })

  it('onIdle: not inside a task, which would wait for itself', async () => {
    const queue = new PQueue()
    await expect(queue.add(() => queue.onIdle())).rejects.toMatchObject({ code: 'ERR_DEADLOCK' })
  })

  it('onPendingZero: until nothing runs, whatever waits', async () => {
    const queue = new PQueue({ concurrency: 1 })
    await queue.onPendingZero()
    const gate = createGate()
    void queue.add(() => gate)
    void queue.add(() => 1)
    queue.pause()
    const zero = queue.onPendingZero()
    gate.open()
    await zero
    expect([queue.pending, queue.size]).toEqual([0, 1])
  })

  it('onSizeLessThan: until fewer wait', async () => {
    const queue = new PQueue({ concurrency: 1, autoStart: false })
    for (let n = 0; n < 3; n++) void queue.add(() => 1)
    const fewer = queue.onSizeLessThan(2)
    queue.start()
    await fewer
    expect(queue.size).toBeLessThan(2)
  })

  it('onError: rejects with the next error', async () => {
    const queue = new PQueue()
    const failed = queue.onError()
    const error = new Error('its own')
    queue.add(() => Promise.reject(error)).catch(() => {})
    await expect(failed).rejects.toBe(error)
  })
})

describe('the events', () => {
  it('tell of additions, starts and ends, in order', async () => {
    const queue = new PQueue({ concurrency: 1 })
    const log = told(queue, 'add', 'active', 'completed', 'next', 'empty', 'idle', 'pendingZero')
    const gate = createGate()
    void queue.add(() => gate)
    void queue.add(() => 1)
    expect(log).toEqual(['add 1 0', 'active 0 1', 'add 1 1'])
    gate.open()
    await queue.onIdle()
    await settle()
    expect(log.slice(3)).toEqual([
      'completed 1 1',
      'pendingZero 1 0',
      'active 0 1',
      'empty 0 1',
      'next 0 1',
      'completed 0 1',
      'pendingZero 0 0',
      'empty 0 0',
      'idle 0 0',
      'next 0 0',
    ])
  })

  it('tell nothing when there is nothing to clear', () => {
    const queue = new PQueue({ autoStart: false })
    const log = told(queue, 'empty', 'idle', 'next')
    queue.clear()
    expect(log).toEqual([])
  })

  it('tell that nothing waits any more when start or concurrency let all of it run', async () => {
    const queue = new PQueue({ autoStart: false, concurrency: 1 })
    const log = told(queue, 'active', 'empty')
    const both = [1, 2].map(n => queue.add(() => n))
    queue.start()
    expect(log).toEqual(['active 1 1'])
    queue.concurrency = 2
    expect(log).toEqual(['active 1 1', 'active 0 2', 'empty 0 2'])
    await Promise.all(both)
  })

  it('have the result or the error as their detail, and null for none', async () => {
    const queue = new PQueue()
    const details: unknown[] = []
    queue.addEventListener('completed', ({ detail }) => details.push(detail))
    queue.addEventListener('error', ({ detail }) => details.push(detail), { once: true })
    await queue.add(() => 'value')
    await queue.add(() => undefined)
    await queue.add(() => Promise.reject('no')).catch(() => {})
    await queue.add(() => Promise.reject('once')).catch(() => {})
    expect(details).toEqual(['value', null, 'no'])
  })
})

describe('intervalCap', () => {
  it('starts so many per interval, from the first start on', async () => {
    const starts: number[] = []
    await runVirtual(async () => {
      const queue = new PQueue({ interval: 100, intervalCap: 2 })
      const start = performance.now()
      const run = () => starts.push(Math.round(performance.now() - start))
      for (let n = 0; n < 5; n++) void queue.add(run)
      await queue.onIdle()
      await new Promise(resolve => setTimeout(resolve, 250))
      for (let n = 0; n < 3; n++) void queue.add(run)
      await queue.onIdle()
    })
    expect(starts).toEqual([0, 0, 100, 100, 200, 450, 450, 550])
  })

  it('keeps to it in every stretch of time with strict', async () => {
    const starts: number[] = []
    await runVirtual(async () => {
      const queue = new PQueue({ interval: 100, intervalCap: 2, strict: true })
      const start = performance.now()
      const run = () => starts.push(Math.round(performance.now() - start))
      void queue.add(run)
      await new Promise(resolve => setTimeout(resolve, 90))
      for (let n = 0; n < 3; n++) void queue.add(run)
      await queue.onIdle()
    })
    expect(starts).toEqual([0, 90, 100, 190])
  })

  it('counts what still runs in the next interval with carryoverIntervalCount', async () => {
    const starts: number[] = []
    await runVirtual(async () => {
      const queue = new PQueue({ interval: 100, intervalCap: 2, carryoverIntervalCount: true })
      const start = performance.now()
      const run = () => {
        starts.push(Math.round(performance.now() - start))
        return new Promise(resolve => setTimeout(resolve, 150))
      }
      for (let n = 0; n < 4; n++) void queue.add(run)
      await queue.onIdle()
    })
    expect(starts).toEqual([0, 0, 200, 200])
  })

  it('says when tasks wait for it, and when they no longer do', async () => {
    await runVirtual(async () => {
      const queue = new PQueue({ interval: 100, intervalCap: 1 })
      const log = told(queue, 'rateLimit', 'rateLimitCleared')
      void queue.add(() => 1)
      expect(queue.isRateLimited).toBe(false)
      void queue.add(() => 1)
      expect([queue.isRateLimited, queue.isSaturated]).toEqual([true, true])
      await queue.onRateLimit()
      await queue.onRateLimitCleared()
      expect(queue.isRateLimited).toBe(false)
      await queue.onRateLimitCleared()
      expect(log).toEqual(['rateLimit 1 1', 'rateLimitCleared 0 1'])
    })
  })

  it('is not used up by tasks that were aborted before they started', async () => {
    const starts: number[] = []
    await runVirtual(async () => {
      const queue = new PQueue({ interval: 100, intervalCap: 1 })
      const controller = new AbortController()
      const start = performance.now()
      const run = () => starts.push(Math.round(performance.now() - start))
      void queue.add(run)
      for (let n = 0; n < 5; n++) void queue.add(run, { signal: controller.signal }).catch(() => {})
      void queue.add(run)
      controller.abort()
      await queue.onIdle()
    })
    expect(starts).toEqual([0, 100])
  })

  it('starts those of the highest priority first when there may be another', async () => {
    const log: string[] = []
    await runVirtual(async () => {
      const queue = new PQueue({ interval: 100, intervalCap: 1 })
      const add = (name: string, priority = 0) => void queue.add(() => log.push(name), { priority })
      add('first')
      add('low')
      expect(log).toEqual(['first'])
      add('high', 1)
      await queue.onIdle()
    })
    expect(log).toEqual(['first', 'high', 'low'])
  })
})
