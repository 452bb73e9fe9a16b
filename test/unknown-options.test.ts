import { describe, expect, it } from 'vitest'
import { serve, shared } from '../src/bullmq.ts'
import {
  asCompleted,
  BaseTask,
  callLimit,
  gather,
  HashTask,
  limits,
  rateLimit,
  resourceLimit,
  Semaphore,
  SleepTask,
  TaskManager,
  TaskRunner,
  wait,
} from '../src/index.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { memoryStore } from '../src/store/memory-store.ts'
import { exploreAll, runVirtual } from '../src/testing.ts'
import { configure, TaskWorker, task, withConfig } from '../src/worker.ts'

const manager = await TaskManager.start()
const runner = await TaskRunner.start({ logger: false, store: memoryStore() })
const worker = await TaskWorker.start({ fn: (x: number) => x })
const square = task((x: number) => x * x)
const handle = manager.spawn(() => 1)
const call = callLimit(1, 1)
const where = { queue: 'q', connection: 'redis://127.0.0.1:1' }

type Entry = (options: never) => unknown

/** Every entry that takes options, what was mistyped, and what was meant. */
const ENTRIES: readonly (readonly [string, Entry, object, string, string])[] = [
  ['TaskManager.start', TaskManager.start, { maxTask: 3 }, '"maxTask"', '"maxTasks"'],
  ['defaults of it', TaskManager.start, { defaults: { timout: 3 } }, '"defaults.timout"', '"defaults.timeout"'],
  ['spawn', o => manager.spawn(() => 1, o), { timout: 1 }, '"timout"', '"timeout"'],
  ['retry', o => manager.spawn(() => 1, o), { retry: { num_retries: 3 } }, '"retry.num_retries"', '"retry.retries"'],
  ['map', o => manager.map([], () => 1, o), { orderd: true }, '"orderd"', '"ordered"'],
  ['stream', o => manager.stream(async function* () {}, o), { bufer: 1 }, '"bufer"', '"buffer"'],
  ['close', o => manager.close(o), { timeOut: 1 }, '"timeOut"', '"timeout"'],
  ['drain', o => manager.drain(o), { timout: 1 }, '"timout"', '"timeout"'],
  ['whenPendingBelow', o => manager.whenPendingBelow(1, o), { signall: 1 }, '"signall"', '"signal"'],
  ['wait of a handle', o => handle.wait(o), { timeouts: 1 }, '"timeouts"', '"timeout"'],
  ['wait', o => wait([handle], o), { returnwhen: 'all' }, '"returnwhen"', '"returnWhen"'],
  ['gather', o => gather({ handle }, o), { returnException: true }, '"returnException"', '"returnExceptions"'],
  ['asCompleted', o => asCompleted([handle], o), { entry: true }, '"entry"', '"entries"'],
  ['TaskRunner.start', TaskRunner.start, { queuesize: 3 }, '"queuesize"', '"queueSize"'],
  ['submit of work', o => runner.submit(() => 1, o), { dureable: true }, '"dureable"', '"durable"'],
  ['submit of a task', o => runner.submit(new SleepTask({ ms: 1 }), o), { priorty: 1 }, '"priorty"', '"priority"'],
  ['wait of a runner', o => runner.wait(1, o), { timeot: 1 }, '"timeot"', '"timeout"'],
  ['records', o => runner.records(o), { state: 'done' }, '"query.state"', '"query.status"'],
  ['events', o => runner.events(o), { bufer: 1 }, '"bufer"', '"buffer"'],
  ['close of a runner', o => runner.close(o), { pendin: 'keep' }, '"pendin"', '"pending"'],
  ['shutdown', o => runner.shutdown(o), { pendin: 'keep' }, '"pendin"', '"pending"'],
  ['SleepTask', o => new SleepTask(o), { ms: 1, prioriti: 1 }, '"prioriti"', '"priority"'],
  ['HashTask', o => new HashTask(o), { text: '', flie: '' }, '"flie"', '"file"'],
  ['rateLimit', rateLimit, { key: 'k', capacity: 1, per: 1, algoritm: 'gcra' }, '"algoritm"', '"algorithm"'],
  ['resourceLimit', resourceLimit, { key: 'k', capasity: 1 }, '"capasity"', '"capacity"'],
  ['acquire', o => call.acquire(undefined, o), { onyl: true }, '"onyl"', '"only"'],
  ['tryAcquire', o => limits([call]).tryAcquire(undefined, o), { onlyy: true }, '"onlyy"', '"only"'],
  ['acquire of a semaphore', o => new Semaphore(1).acquire(1, o), { signl: 1 }, '"signl"', '"signal"'],
  ['use of a semaphore', o => new Semaphore(1).use(() => 1, o), { time_out: 1 }, '"time_out"', '"timeout"'],
  ['task', o => task(() => 1, o), { maxWorker: 1 }, '"maxWorker"', '"maxWorkers"'],
  ['@task', o => task(o), { timout: 1 }, '"timout"', '"timeout"'],
  ['with', o => square.with(o), { retries: 3 }, '"retries"', '"retry"'],
  ['map of a task', o => square.map([], o), { progres: true }, '"progres"', '"progress"'],
  ['progress', o => square.map([], o), { progress: { lable: 'x' } }, '"progress.lable"', '"progress.label"'],
  ['close of a task', o => square.close(o), { pendng: 'run' }, '"pendng"', '"pending"'],
  ['TaskWorker.start', TaskWorker.start, { func: () => 1 }, '"func"', '"fn"'],
  ['map of a worker', o => worker.map([], o), { costs: 1 }, '"costs"', '"cost"'],
  ['recycleAfter', o => task(() => 1, o), { recycleAfter: { call: 1 } }, '"recycleAfter.call"', '"recycleAfter.calls"'],
  ['cache', o => task(() => 1, o), { mode: 'distributed', ...where, cache: { tll: 1 } }, '"cache.tll"', '"cache.ttl"'],
  [
    'resourceLimits',
    o => task(() => 1, o),
    { resourceLimits: { stackSizeMB: 1, stackSize: 1 } },
    '"resourceLimits.stackSizeMB"',
    '"resourceLimits.stackSizeMb"',
  ],
  ['configure', configure, { maxworkers: 1 }, '"maxworkers"', '"maxWorkers"'],
  ['a mode of configure', configure, { thread: { idletimeout: 1 } }, '"thread.idletimeout"', '"thread.idleTimeout"'],
  ['withConfig', o => withConfig(o, () => 1), { threads: {} }, '"threads"', '"thread"'],
  ['serve', o => serve([Math.abs], o), { ...where, lockduration: 1 }, '"lockduration"', '"lockDuration"'],
  ['shared', o => shared(call, o), { connection: where.connection, nam: 'n' }, '"nam"', '"name"'],
  ['sqliteStore', o => sqliteStore('x', o), { sychronous: 'full' }, '"sychronous"', '"synchronous"'],
  ['runVirtual', o => runVirtual(() => 1, o), { horizons: 1 }, '"horizons"', '"horizon"'],
  ['exploreAll', o => exploreAll(() => {}, o), { limits: 1 }, '"limits"', '"limit"'],
]

async function refusal(call: () => unknown): Promise<unknown> {
  try {
    await call()
    return undefined
  } catch (error) {
    return error
  }
}

describe('an option that does not exist', () => {
  it.each(ENTRIES)('is refused by %s, with the nearest one', async (_, entry, options, given, meant) => {
    const error = await refusal(() => entry(options as never))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toBe(`${given} must be a known option: did you mean ${meant}?`)
  })

  it('keeps nothing and closes nothing', () => {
    expect(manager.stats()).toMatchObject({ pending: 0, running: 0, failed: 0, closed: false })
    expect(runner.stats()).toMatchObject({ submitted: 0, closed: false })
  })

  it('is told what there is when it is like nothing', async () => {
    const error = await refusal(() => manager.close({ concurrency: 5 } as never))
    expect(String(error)).toBe('TypeError: "concurrency" must be a known option: there are "timeout", "pending"')
  })

  it('is one even if it is undefined, is called __proto__, or is no word', async () => {
    for (const text of ['{ "timout": null }', '{ "__proto__": 1 }', '{ "constructor": 1 }', '{ "a\\nb": 1 }']) {
      expect(await refusal(() => manager.spawn(() => 1, JSON.parse(text)))).toBeInstanceOf(TypeError)
    }
    expect(await refusal(() => manager.spawn(() => 1, { timout: undefined } as object))).toBeInstanceOf(TypeError)
  })

  it('is not what some code put on the prototype of all objects', async () => {
    Object.defineProperty(Object.prototype, 'polluted', {
      value: 1,
      enumerable: true,
      writable: true,
      configurable: true,
    })
    try {
      expect(await manager.spawn(() => 1, { priority: 1 })).toBe(1)
    } finally {
      Reflect.deleteProperty(Object.prototype, 'polluted')
    }
  })

  it('may be one of a subclass of BaseTask, which hands on what it got', () => {
    class Greet extends BaseTask<string> {
      readonly type = 'greet'
      readonly who: string
      constructor(options: { readonly who: string; readonly priority?: number }) {
        super(options)
        this.who = options.who
      }
      run() {
        return `hello ${this.who}`
      }
    }
    expect(new Greet({ who: 'you', priority: 3 })).toMatchObject({ who: 'you', priority: 3 })
  })
})
