import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { serve } from '../../src/bullmq.ts'
import { currentTask, TaskWorker, task } from '../../src/worker.ts'
import { until } from '../harness.ts'
import { HOSTILE } from '../hostile.ts'
import { describeEachServer } from '../servers/describe-each-server.ts'
import { ownQueue } from '../servers/queues.ts'
import { failureOf } from '../work.ts'

/** What no PostgreSQL keeps as it is, among what looks like the ways to write it down. */
const TEXT = 'a\0b\ud800c\udc00d\ue000\\u0000\\ud800\u2028\uffff😀'

/** An end that the server did not take would have its work run again. */
let runs: string[]
beforeEach(() => {
  runs = []
})

let told: PromiseWithResolvers<unknown>
const functions = {
  echo: (value: unknown) => [value],
  failure(text: string): never {
    const error = new RangeError(text, { cause: new Error(text) })
    throw Object.assign(error, { name: text, code: text, [text]: text, stack: `${text}\n    at ${text}` })
  },
  thrown(text: string): never {
    throw text
  },
  hostile(name: string): never {
    throw HOSTILE[name]?.()
  },
  async held(): Promise<never> {
    const { signal, progress } = currentTask()
    progress(1)
    await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
    told.resolve(signal.reason)
    throw signal.reason
  },
  report(message: string): void {
    currentTask().progress({ completed: 1, total: 2, message })
  },
}
const served = Object.entries(functions).map(([name, fn]) => {
  const run = (...args: never[]) => {
    runs.push(name)
    return (fn as (...args: never[]) => unknown)(...args)
  }
  return Object.defineProperty(run, 'name', { value: name })
})

describeEachServer('text with NUL and halves of characters', server => {
  async function machine() {
    const where = { connection: server.url, queue: ownQueue(server) }
    const service = await serve(served, where)
    onTestFinished(async () => void (await service.close({ timeout: 0 })))
    return where
  }
  async function machines(): Promise<TaskWorker> {
    const where = await machine()
    const caller = await TaskWorker.start({ ...where, mode: 'distributed', logger: false })
    onTestFinished(async () => void (await caller.close({ timeout: 0 })))
    return caller
  }
  const { echo, failure, thrown, hostile, held, report } = functions

  it('arrives, and its work runs once', async () => {
    const caller = await machines()
    const values = { text: TEXT, [TEXT]: [TEXT], map: new Map([[TEXT, TEXT]]) }
    expect(await caller.submit(echo, TEXT)).toEqual([TEXT])
    expect(await caller.submit(echo, values)).toEqual([values])

    expect(await failureOf(caller.submit(failure, TEXT))).toMatchObject({
      name: TEXT,
      message: TEXT,
      code: TEXT,
      [TEXT]: TEXT,
      stack: `${TEXT}\n    at ${TEXT}`,
      cause: { message: TEXT },
    })
    expect(await failureOf(caller.submit(thrown, TEXT))).toBe(TEXT)

    const progress: unknown[] = []
    caller.on('progress', ({ record }) => void progress.push(record.progress))
    await caller.submit(report, TEXT)
    expect(progress).toEqual([{ completed: 1, total: 2, message: TEXT }])

    told = Promise.withResolvers()
    const handle = caller.submit(held)
    await until(() => progress.length === 2)
    await handle.cancel(Object.assign(new Error(TEXT), { stack: TEXT }))
    expect(handle.status).toBe('cancelled')
    expect(await told.promise).toMatchObject({ message: TEXT, stack: TEXT })

    expect(runs).toEqual(['echo', 'echo', 'failure', 'thrown', 'report', 'held'])
  })

  it('makes calls of one key one, and keeps their results', async () => {
    const call = task(echo, { ...(await machine()), mode: 'distributed', logger: false })
    onTestFinished(async () => void (await call.close({ timeout: 0 })))
    const shared = call.with({ key: TEXT, cache: { ttl: 60_000 } })
    expect(await shared(TEXT)).toEqual([TEXT])
    expect(await shared(TEXT)).toEqual([TEXT])
    expect(runs).toEqual(['echo'])
  })

  it('is no more of a trouble than errors that can not be read', async () => {
    const caller = await machines()
    await Promise.all(Object.keys(HOSTILE).map(name => failureOf(caller.submit(hostile, name))))
    expect(runs).toHaveLength(Object.keys(HOSTILE).length)
  })
})
