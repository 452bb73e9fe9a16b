import { EventEmitter, EventEmitterAsyncResource, once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MessageChannel } from 'node:worker_threads'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { availableParallelism } from '../../src/base/platform.ts'
import * as face from '../../src/compat/tinypool.ts'
import Tinypool, { isMovable, isTransferable, type Options } from '../../src/compat/tinypool.ts'
import { until } from '../harness.ts'
import { failureOf } from '../work.ts'

const FUNCTIONS = new URL('../fixtures/tinypool-functions.ts', import.meta.url)
/** They look at what the face says in workers. */
const INSIDE = new URL('../fixtures/tinypool-inside.ts', import.meta.url)
const RUNTIMES = ['worker_threads', 'child_process'] as const
/** One worker, unless it says otherwise. */
const ONE: Options = { filename: FUNCTIONS, minThreads: 1, maxThreads: 1 }

const pools = new Set<Tinypool>()

function open(options: Options = {}, usual = ONE): Tinypool {
  const pool = new Tinypool({ ...usual, ...options })
  pools.add(pool)
  return pool
}

afterEach(async () => {
  await Promise.all([...pools].map(pool => pool.destroy()))
  pools.clear()
})

/** Work that says when it has begun, and goes on until it is let through. */
function gate() {
  const shared = new Int32Array(new SharedArrayBuffer(8))
  return {
    shared,
    begun: (count = 1) => until(() => Atomics.load(shared, 0) >= count),
    open() {
      Atomics.store(shared, 1, 1)
      Atomics.notify(shared, 1)
    },
  }
}

describe.each(RUNTIMES)('a pool of the runtime %s', runtime => {
  it('runs the default export', async () => {
    expect(await open({ runtime }).run({ a: 4, b: 6 })).toBe(10)
  })

  it('runs an export by its name, of the pool or of the call', async () => {
    const pool = open({ runtime, name: 'double' })
    expect([await pool.run(4), await pool.run({ a: 1, b: 2 }, { name: 'default' })]).toEqual([8, 3])
  })

  it('runs in another thread or process', async () => {
    const [pid, thread] = String(await open({ runtime }).run(undefined, { name: 'self' })).split('/')
    expect(Number(pid) === process.pid).toBe(runtime === 'worker_threads')
    expect(thread === '0').toBe(runtime === 'child_process')
  })

  it('rejects with what the function threw, of its class and with its fields', async () => {
    const error = await failureOf(open({ runtime }).run(undefined, { name: 'fails' }))
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ message: 'its own', code: 'E_OWN', cause: 'why' })
  })

  it('rejects when there is no such function', async () => {
    const message = `No handler function "missing" exported from "${fileURLToPath(FUNCTIONS)}"`
    expect(await failureOf(open({ runtime }).run(1, { name: 'missing' }))).toMatchObject({ message })
  })

  it('rejects when the module can not be imported', async () => {
    const error = await failureOf(open({ runtime }).run(1, { filename: new URL('./missing.ts', FUNCTIONS) }))
    expect(error).toMatchObject({ code: 'ERR_MODULE_NOT_FOUND' })
  })

  it('rejects a task whose worker ends under it, and goes on with another worker', async () => {
    const pool = open({ runtime })
    expect(await failureOf(pool.run(undefined, { name: 'exits' }))).toMatchObject({
      code: 'ERR_WORKER_CRASHED',
      exitCode: 3,
    })
    expect(await pool.run({ a: 1, b: 1 })).toBe(2)
  })

  it('rejects with what nothing had caught', async () => {
    const error = await failureOf(open({ runtime }).run(undefined, { name: 'throwsLater' }))
    expect(error).toMatchObject({ message: 'nothing catches it' })
  })

  it('tells of an error that belongs to no task by the event error', async () => {
    const pool = open({ runtime })
    const told = new Promise(resolve => pool.on('error', resolve))
    await pool.run(undefined, { name: 'throwsWhenOver' })
    expect(await told).toMatchObject({ message: 'too late' })
    expect(await pool.run({ a: 1, b: 1 })).toBe(2)
  })

  it('stops a hot loop when its signal is aborted', async () => {
    const pool = open({ runtime })
    const controller = new AbortController()
    const running = pool.run(undefined, { name: 'endless', signal: controller.signal })
    await once(pool as unknown as EventEmitter, 'drain')
    controller.abort()
    const error = await failureOf(running)
    expect(error).toMatchObject({ name: 'AbortError', message: 'The task has been aborted' })
    expect(await pool.run({ a: 1, b: 1 })).toBe(2)
  })

  it('gives each worker a number from 1 to maxThreads, again when it was replaced', async () => {
    const pool = open({ runtime, filename: INSIDE, isolateWorkers: true })
    const ids = [await pool.run(undefined, { name: 'idOf' }), await pool.run(undefined, { name: 'idOf' })]
    expect(ids).toEqual([1, 1])
  })

  it('has its state in workers', async () => {
    const pool = open({ runtime, workerData: { url: 'data' } })
    expect(await pool.run(undefined, { name: 'state' })).toMatchObject({
      isTinypoolWorker: true,
      [runtime === 'worker_threads' ? 'isWorkerThread' : 'isChildProcess']: true,
      workerData: { url: 'data' },
      workerId: 1,
    })
  })

  it('hands argv and execArgv on, and env in place of its own environment', async () => {
    const env = { GREETING: 'hello' }
    const pool = open({ runtime, argv: ['one', 'two'], execArgv: ['--no-warnings'], env })
    expect(await pool.run(undefined, { name: 'surroundings' })).toEqual({
      argv: ['one', 'two'],
      title: expect.arrayContaining(['--no-warnings']),
      path: undefined,
      greeting: 'hello',
    })
  })

  it('has the environment of this process without env', async () => {
    const { path } = (await open({ runtime }).run(undefined, { name: 'surroundings' })) as { path: string }
    expect(path).toBe(process.env.PATH)
  })

  it('isolates tasks in a worker of their own', async () => {
    const pool = open({ runtime, isolateWorkers: true })
    const workers = [await pool.run(undefined, { name: 'self' }), await pool.run(undefined, { name: 'self' })]
    expect(new Set(workers).size).toBe(2)
  })

  it('keeps a worker without isolateWorkers', async () => {
    const pool = open({ runtime })
    expect(await pool.run(undefined, { name: 'self' })).toBe(await pool.run(undefined, { name: 'self' }))
  })

  it('runs teardown in each worker before it ends', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'taskscope-tinypool-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'log')
    const pool = open({ runtime, filename: INSIDE, teardown: 'tearDown', workerData: { file } })
    await pool.run(undefined, { name: 'idOf' })
    await pool.destroy()
    expect(await readFile(file, 'utf8')).toBe('torn down 1\n')
  })

  it('recycles all workers', async () => {
    const pool = open({ runtime })
    const before = await pool.run(undefined, { name: 'self' })
    await pool.recycleWorkers()
    expect(pool.threads).toHaveLength(1)
    expect(await pool.run(undefined, { name: 'self' })).not.toBe(before)
  })

  it('replaces a worker that holds more than maxMemoryLimitBeforeRecycle', async () => {
    // Beyond what a process holds from the start.
    const limit = runtime === 'worker_threads' ? 100 : 300
    const pool = open({ runtime, maxMemoryLimitBeforeRecycle: limit * 2 ** 20 })
    const before = await pool.run(1, { name: 'grows' })
    expect(await pool.run(limit, { name: 'grows' })).toBe(before)
    await until(async () => (await pool.run(undefined, { name: 'self' })) !== before)
  })

  it('lists its workers', async () => {
    const pool = open({ runtime, minThreads: 2, maxThreads: 2 })
    const [first, second] = pool.threads
    expect(pool.threads).toHaveLength(2)
    expect([first?.runtime, typeof first?.threadId]).toEqual([runtime, 'number'])
    expect(first?.threadId).not.toBe(second?.threadId)
    await pool.destroy()
    expect(pool.threads).toEqual([])
  })
})

describe('filename', () => {
  it.each([
    ['a URL', FUNCTIONS],
    ['the text of a URL', FUNCTIONS.href],
    ['a path', fileURLToPath(FUNCTIONS)],
    ['a path from the working directory', relative(process.cwd(), fileURLToPath(FUNCTIONS))],
  ])('may be %s', async (_, filename) => {
    expect(await open({ filename }).run({ a: 1, b: 2 })).toBe(3)
  })

  it('may be that of a call', async () => {
    const pool = open({ filename: null })
    expect(await pool.run({ a: 1, b: 2 }, { filename: FUNCTIONS })).toBe(3)
    expect(await failureOf(pool.run({}))).toMatchObject({
      message: 'filename must be provided to run() or in options object',
    })
  })

  it('may be a module of CommonJS with a function, or with an object of them', async () => {
    const pool = open({ filename: null })
    const module = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`
    expect(await pool.run(2, { filename: module('export default { twice: n => 2 * n }'), name: 'twice' })).toBe(4)
  })

  it('is refused when it is neither', async () => {
    expect(() => open({ filename: 5 as never })).toThrow(TypeError)
    expect(await failureOf(open().run(1, { filename: {} as never }))).toBeInstanceOf(TypeError)
  })
})

describe('the number of workers', () => {
  const processors = availableParallelism()

  it('is by default half as many as there are processors, and at most as many', () => {
    const { minThreads, maxThreads } = new Tinypool({ minThreads: 0 }).options
    expect([minThreads, maxThreads]).toEqual([0, processors])
    const pool = open({}, {})
    expect([pool.options.minThreads, pool.options.maxThreads]).toEqual([Math.ceil(processors / 2), processors])
    expect(pool.threads).toHaveLength(Math.ceil(processors / 2))
  })

  it('is a share of them below 1', () => {
    const { minThreads, maxThreads } = open({ minThreads: 0.5, maxThreads: 0.99 }).options
    expect([minThreads, maxThreads]).toEqual([
      Math.max(1, Math.floor(processors * 0.5)),
      Math.max(1, Math.floor(processors * 0.99)),
    ])
  })

  it('follows the one that was given', () => {
    const more = open({ minThreads: processors + 1 }, {}).options
    expect([more.minThreads, more.maxThreads]).toEqual([processors + 1, processors + 1])
    const fewer = open({ maxThreads: 1 }, {}).options
    expect([fewer.minThreads, fewer.maxThreads]).toEqual([1, 1])
  })

  it('must not conflict', () => {
    expect(() => open({ minThreads: 3, maxThreads: 2 })).toThrow(
      new RangeError('options.minThreads and options.maxThreads must not conflict'),
    )
  })

  it.each([-1, 1.5, Number.NaN, '2'])('is not %j', value => {
    expect(() => open({ minThreads: 0, maxThreads: value as number })).toThrow(TypeError)
  })

  it('grows with the tasks, and shrinks once they have ended', async () => {
    const pool = open({ minThreads: 1, maxThreads: 2 })
    const { shared, begun, open: go } = gate()
    const both = [1, 2].map(() => pool.run(shared, { name: 'gated' }))
    await begun(2)
    expect(pool.threads).toHaveLength(2)
    go()
    expect(new Set(await Promise.all(both)).size).toBe(2)
    await until(() => pool.threads.length === 1)
  })

  it('stays for idleTimeout', async () => {
    const pool = open({ minThreads: 0, maxThreads: 1, idleTimeout: 60_000 })
    const before = await pool.run(undefined, { name: 'self' })
    expect(await pool.run(undefined, { name: 'self' })).toBe(before)
    expect(pool.threads).toHaveLength(1)
  })
})

describe('concurrentTasksPerWorker', () => {
  it('has several tasks in one worker', async () => {
    const pool = open({ concurrentTasksPerWorker: 2, name: 'overlap' })
    expect(await Promise.all([pool.run(1), pool.run(2)])).toContain(2)
  })

  it('has one by default', async () => {
    const pool = open({ name: 'overlap' })
    expect(await Promise.all([pool.run(1), pool.run(2)])).toEqual([1, 1])
  })

  it('refuses a signal, which would end the others', async () => {
    const pool = open({ concurrentTasksPerWorker: 2 })
    const { signal } = new AbortController()
    expect(await failureOf(pool.run({}, { signal }))).toMatchObject({
      message: expect.stringMatching(/concurrentTasksPerWorker: 1/),
    })
  })
})

describe('the queue', () => {
  it('has what waits, first come, first served', async () => {
    const pool = open()
    const { shared, begun, open: go } = gate()
    const first = pool.run(shared, { name: 'gated' })
    await begun()
    const order: number[] = []
    const others = [1, 2, 3].map(async n => {
      await pool.run(n, { name: 'double' })
      order.push(n)
    })
    expect(pool.queueSize).toBe(3)
    go()
    await Promise.all([first, ...others])
    expect([pool.queueSize, order]).toEqual([0, [1, 2, 3]])
  })

  it('is full at maxQueue', async () => {
    const pool = open({ maxQueue: 1 })
    const { shared, begun, open: go } = gate()
    const running = [pool.run(shared, { name: 'gated' }), pool.run(4, { name: 'double' })]
    expect(await failureOf(pool.run(1))).toMatchObject({ message: 'Task queue is at limit' })
    await begun()
    go()
    await Promise.all(running)
    expect(await pool.run(1, { name: 'double' })).toBe(2)
  })

  it("has room for maxThreads squared with 'auto'", () => {
    expect(open({ maxThreads: 3, maxQueue: 'auto' }).options.maxQueue).toBe(9)
    expect(open().options.maxQueue).toBe(Number.POSITIVE_INFINITY)
  })

  it('may be none', async () => {
    const pool = open({ maxQueue: 0 })
    const { shared, open: go } = gate()
    const running = pool.run(shared, { name: 'gated' })
    expect(await failureOf(pool.run(1))).toMatchObject({ message: 'No task queue available and all Workers are busy' })
    go()
    await running
  })

  it.each([-1, 1.5, 'all'])('is not limited by %j', maxQueue => {
    expect(() => open({ maxQueue: maxQueue as number })).toThrow(/maxQueue/)
  })

  it('tells by the event drain that nothing waits', async () => {
    const pool = open()
    let drained = 0
    pool.on('drain', () => (drained += 1))
    await Promise.all([1, 2, 3].map(n => pool.run(n, { name: 'double' })))
    expect(drained).toBe(1)
  })
})

describe('a signal', () => {
  it('that is aborted already refuses the task', async () => {
    const pool = open()
    expect(await failureOf(pool.run({}, { signal: AbortSignal.abort() }))).toMatchObject({ name: 'AbortError' })
    expect(pool.completed).toBe(0)
  })

  it('takes a task out of the queue, and ends no worker', async () => {
    const pool = open()
    const { shared, begun, open: go } = gate()
    const running = pool.run(shared, { name: 'gated' })
    await begun()
    const controller = new AbortController()
    const waiting = pool.run(1, { name: 'double', signal: controller.signal })
    expect(pool.queueSize).toBe(1)
    controller.abort()
    expect(await failureOf(waiting)).toMatchObject({ name: 'AbortError' })
    expect(pool.queueSize).toBe(0)
    go()
    expect(typeof (await running)).toBe('string')
  })

  it('may be an emitter', async () => {
    const pool = open()
    const emitter = new EventEmitter()
    const running = pool.run(undefined, { name: 'endless', signal: emitter })
    emitter.emit('abort')
    expect(await failureOf(running)).toMatchObject({ name: 'AbortError' })
    expect(emitter.listenerCount('abort')).toBe(0)
  })

  it('does nothing to a task that has ended', async () => {
    const pool = open()
    const controller = new AbortController()
    const before = await pool.run(undefined, { name: 'self', signal: controller.signal })
    controller.abort()
    expect(await pool.run(undefined, { name: 'self' })).toBe(before)
  })
})

describe('cancelPendingTasks', () => {
  it('rejects what waits with a CancelError, and leaves what runs', async () => {
    const pool = open()
    const { shared, begun, open: go } = gate()
    const running = pool.run(shared, { name: 'gated' })
    await begun()
    const waiting = [1, 2].map(n => failureOf(pool.run(n)))
    pool.cancelPendingTasks()
    for (const error of await Promise.all(waiting))
      expect(error).toMatchObject({ name: 'CancelError', message: 'The task has been cancelled' })
    go()
    expect(typeof (await running)).toBe('string')
    expect(pool.completed).toBe(3)
  })

  it('also what waits for a worker that starts', async () => {
    const pool = open({ minThreads: 0 })
    const waiting = failureOf(pool.run(1))
    pool.cancelPendingTasks()
    expect(await waiting).toMatchObject({ name: 'CancelError' })
  })
})

describe('recycleWorkers', () => {
  it('waits for the tasks that run, and lets the others wait', async () => {
    const pool = open()
    const { shared, begun, open: go } = gate()
    const running = pool.run(shared, { name: 'gated' })
    await begun()
    const recycled = pool.recycleWorkers()
    const waiting = pool.run(undefined, { name: 'self' })
    expect(pool.queueSize).toBe(1)
    go()
    const before = await running
    await recycled
    expect(await waiting).not.toBe(before)
  })

  it('changes the runtime', async () => {
    const pool = open()
    await pool.recycleWorkers({ runtime: 'child_process' })
    expect([pool.options.runtime, pool.threads[0]?.runtime]).toEqual(['child_process', 'child_process'])
    expect(String(await pool.run(undefined, { name: 'self' }))).not.toMatch(`${process.pid}/`)
    await pool.recycleWorkers({ runtime: 'worker_threads' })
    expect(String(await pool.run(undefined, { name: 'self' }))).toMatch(`${process.pid}/`)
  })

  it('may be called again meanwhile', async () => {
    const pool = open()
    await Promise.all([pool.recycleWorkers(), pool.recycleWorkers({ runtime: 'child_process' }), pool.recycleWorkers()])
    const worker = await pool.run(undefined, { name: 'self' })
    expect(await pool.run(undefined, { name: 'self' })).toBe(worker)
    expect(pool.threads.map(({ runtime }) => runtime)).toEqual(['child_process'])
    // Of a worker that nobody has ended the number is not free.
    expect(await pool.run(undefined, { name: 'state' })).toMatchObject({ workerId: 1 })
    await Promise.all([pool.recycleWorkers(), pool.destroy()])
    expect(pool.threads).toEqual([])
  })

  it('lets tasks go on although a worker does not end within terminateTimeout', async () => {
    const pool = open({ terminateTimeout: 0 })
    await pool.run({ a: 1, b: 1 })
    expect(await failureOf(pool.recycleWorkers())).toMatchObject({ message: 'Failed to terminate worker' })
    expect(await pool.run({ a: 1, b: 2 })).toBe(3)
    await failureOf(pool.destroy())
    pools.delete(pool)
    await until(() => pool.threads.length === 0)
  })

  it('does nothing where each task has a worker of its own', async () => {
    const pool = open({ isolateWorkers: true })
    const [before] = pool.threads
    await pool.recycleWorkers()
    expect(pool.threads[0]?.threadId).toBe(before?.threadId)
  })
})

describe('destroy', () => {
  it('ends what runs and rejects what waits', async () => {
    const pool = open()
    const running = failureOf(pool.run(undefined, { name: 'endless' }))
    await once(pool as unknown as EventEmitter, 'drain')
    const both = [running, failureOf(pool.run(1))]
    await pool.destroy()
    for (const error of await Promise.all(both)) expect(error).toMatchObject({ message: 'Terminating worker thread' })
    expect(await failureOf(pool.run(1))).toMatchObject({ message: 'Terminating worker thread' })
  })

  it('may be called twice, also without waiting', async () => {
    const pool = open()
    await Promise.all([pool.destroy(), pool.destroy()])
    await pool.destroy()
  })

  it('rejects when a worker does not end within terminateTimeout', async () => {
    const pool = open({ terminateTimeout: 0 })
    await pool.run({ a: 1, b: 1 })
    expect(await failureOf(pool.destroy())).toMatchObject({ message: 'Failed to terminate worker' })
    pools.delete(pool)
    await until(() => pool.threads.length === 0)
  })
})

describe('what is counted', () => {
  it('is every task that has ended, and the time', async () => {
    const pool = open()
    await pool.run({ a: 1, b: 1 })
    await failureOf(pool.run(undefined, { name: 'fails' }))
    expect(pool.completed).toBe(2)
    expect(pool.duration).toBeGreaterThan(0)
  })
})

describe('moving', () => {
  it('has what is in transferList moved to a thread', async () => {
    const pool = open({ name: 'sum' })
    const list = new Uint8Array([1, 2, 3])
    expect(await pool.run(list, { transferList: [list.buffer] })).toBe(6)
    expect(list.byteLength).toBe(0)
  })

  it('has a port talk to a thread', async () => {
    const { port1, port2 } = new MessageChannel()
    const talked = open().run({ port: port1 }, { name: 'talks', transferList: [port1] })
    const heard = once(port2, 'message')
    port2.postMessage('hello')
    expect([await talked, await heard]).toEqual(['talked', ['heard hello']])
    port2.close()
  })

  it('moves a task by Tinypool.move', async () => {
    const list = new Uint8Array([1, 2, 3])
    expect(await open({ name: 'sum' }).run(Tinypool.move(list))).toBe(6)
    expect(list.byteLength).toBe(0)
  })

  it('moves a result by Tinypool.move, inside the worker', async () => {
    expect(await open({ filename: INSIDE, name: 'bytes' }).run(3)).toEqual(new Uint8Array([7, 7, 7]))
  })

  it('sends what an object of its own says', async () => {
    expect(await open({ filename: INSIDE, name: 'wrapped' }).run()).toEqual({ sent: true })
  })

  it('leaves alone what is no object', () => {
    expect([Tinypool.move(5), Tinypool.move(null), Tinypool.move('text')]).toEqual([5, null, 'text'])
  })

  it('marks what is moved', () => {
    const buffer = new ArrayBuffer(1)
    const moved = Tinypool.move(buffer) as Record<symbol, unknown>
    expect([isTransferable(moved), isMovable(moved), isTransferable(buffer)]).toEqual([true, true, false])
    expect([moved[Tinypool.transferableSymbol], moved[Tinypool.valueSymbol]]).toEqual([buffer, buffer])
    const own = { [face.kTransferable]: buffer, [face.kValue]: {} }
    expect([isMovable(own), isMovable(Tinypool.move(own))]).toEqual([false, true])
  })
})

describe('a channel', () => {
  it('has a process talk and listen, and is closed with its worker', async () => {
    const pool = open({ runtime: 'child_process' })
    const messages: unknown[] = []
    const listeners: ((message: unknown) => void)[] = []
    let closed = 0
    const channel = {
      onMessage: (listener: (message: unknown) => void) => listeners.push(listener),
      postMessage: (message: unknown) => messages.push(message),
      onClose: () => (closed += 1),
    }
    const answered = pool.run({}, { name: 'answers', channel })
    await until(() => messages.includes('ready'))
    for (const listener of listeners) listener('Hello from main process')
    expect(await answered).toBe('answered')
    await until(() => messages.length === 2)
    expect(messages[1]).toEqual({ received: 'Hello from main process', response: 'Hello from worker' })
    await pool.run({ a: 1, b: 1 }, { channel })
    expect([listeners.length, closed]).toEqual([1, 0])
    await pool.run({ a: 1, b: 1 }, { channel: {} })
    expect(closed).toBe(1)
    await pool.destroy()
    expect(closed).toBe(1)
  })

  it('that throws hurts nobody, and is told by the event error', async () => {
    const pool = open({ runtime: 'child_process' })
    const told: unknown[] = []
    pool.on('error', error => told.push(error))
    const broken = {
      onMessage: () => {
        throw new Error('broken channel')
      },
    }
    expect(await pool.run({ a: 1, b: 1 }, { channel: broken })).toBe(2)
    expect(told).toEqual([new Error('broken channel')])
  })

  it.each([
    ['onMessage', 'listening to'],
    ['postMessage', 'sending to'],
  ])('for a thread has no %s', async (member, remedy) => {
    const error = await failureOf(open().run({}, { channel: { [member]: () => {} } }))
    expect(error).toMatchObject({
      message: `{ runtime: 'worker_threads' } doesn't support channel.${member}. Use transferListItem for ${remedy} messages instead.`,
    })
  })
})

describe('what can not be had', () => {
  it.each<[Record<string, unknown>, RegExp]>([
    [{ taskQueue: [] }, /taskQueue is not there/],
    [{ serialization: 'json' }, /serialization must be 'advanced'/],
    [{ trackUnmanagedFds: false }, /trackUnmanagedFds can not be turned off/],
    [{ runtime: 'fibers' }, /runtime must be one of/],
    [{ idleTimeout: -1 }, /idleTimeout must be/],
    [{ concurrentTasksPerWorker: 0 }, /concurrentTasksPerWorker/],
    [{ resourceLimits: { heap: 5 } }, /resourceLimits.heap/],
    [{ workerData: () => {} }, /workerData/],
    [{ argv: 'one' }, /argv must be an array of strings/],
  ])('is refused at the call: %j', (options, message) => {
    expect(() => new Tinypool({ ...ONE, ...options })).toThrow(message)
  })

  it('takes what is so anyway', () => {
    expect(() => open({ serialization: 'advanced', trackUnmanagedFds: true, useAtomics: false })).not.toThrow()
  })

  it('is a task of another runtime', async () => {
    const error = await failureOf(open().run({}, { runtime: 'child_process' }))
    expect(error).toMatchObject({ message: expect.stringMatching(/recycleWorkers\({ runtime }\)/) })
  })

  it('is a task that can not be carried: that one fails', async () => {
    const pool = open()
    expect(await failureOf(pool.run(() => {}))).toMatchObject({ name: 'SerializationError' })
    expect(await pool.run({ a: 1, b: 1 })).toBe(2)
  })
})

describe('the class', () => {
  it('is an EventEmitterAsyncResource', () => {
    expect(open()).toBeInstanceOf(EventEmitterAsyncResource)
  })

  it('says where it is', async () => {
    expect([Tinypool.isWorkerThread, Tinypool.workerData, face.workerId]).toEqual([false, undefined, undefined])
    const pool = open({ filename: INSIDE, workerData: 'data', name: 'inside' })
    expect(await pool.run()).toEqual({ isWorkerThread: true, workerData: 'data' })
    expect(Tinypool.version).toMatch(/^2\.\d+\.\d+$/)
  })

  it('has the symbols of tinypool', () => {
    expect([Tinypool.transferableSymbol, Tinypool.valueSymbol, Tinypool.queueOptionsSymbol]).toEqual(
      ['transferable', 'valueOf', 'queueOptions'].map(name => Symbol.for(`Tinypool.${name}`)),
    )
  })
})
