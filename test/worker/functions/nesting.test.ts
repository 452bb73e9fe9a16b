import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { assertMayStartWorker, insideWorker, workerEnvironment } from '../../../src/worker/functions/nesting.ts'
import { failureOf } from '../../work.ts'
import { TestWorker } from './test-worker.ts'

const workers = { thread: new TestWorker('thread'), process: new TestWorker('process') }
afterAll(() => Promise.all([workers.thread.stop(), workers.process.stop()]))

function fixture(name: string): string {
  return new URL(`../../fixtures/worker/${name}.ts`, import.meta.url).href
}

describe.each(['thread', 'process'] as const)('in a %s', kind => {
  it('the top level of a module can start no worker', async () => {
    const error = await failureOf(workers[kind].call({ kind: 'module', url: fixture('starts-again'), name: 'greet' }))
    expect(error).toMatchObject({ code: 'ERR_SERIALIZATION' })
    expect((error as Error).cause).toBeInstanceOf(TypeError)
    expect(((error as Error).cause as Error).message).toMatch(
      /the top level of .*starts-again\.ts starts a worker, .*would never end: move that code into a function, guard it/,
    )
  })

  it('a function may start workers', async () => {
    expect(await workers[kind].call({ kind: 'module', url: fixture('starts-later'), name: 'start' })).toBe('allowed')
  })

  it('workers inside workers have an end', async () => {
    expect(await workers[kind].call({ kind: 'module', url: fixture('starts-later'), name: 'start' }, 1)).toMatch(
      /this worker is 1 workers deep, and 1 is the most/,
    )
  })

  it('what a module left running when its import had ended may start workers', async () => {
    const url = fixture('starts-later')
    expect(await workers[kind].call({ kind: 'module', url, name: 'startedLater' })).toBe('allowed')
  })
})

describe('outside of workers', () => {
  afterEach(() => {
    delete process.env.TASKSCOPE_WORKER_DEPTH
  })

  it('workers may be started', () => {
    expect(insideWorker()).toBe(false)
    expect(() => assertMayStartWorker()).not.toThrow()
    expect(workerEnvironment()).toEqual({ TASKSCOPE_WORKER_DEPTH: '1' })
  })

  it('the depth is counted through the environment, three workers at the most', () => {
    Object.assign(process.env, workerEnvironment())
    Object.assign(process.env, workerEnvironment())
    expect(() => assertMayStartWorker()).not.toThrow()
    Object.assign(process.env, workerEnvironment())
    expect(() => assertMayStartWorker()).toThrow(/3 workers deep, and 3 is the most/)
  })

  it('a depth that is no number counts as none', () => {
    process.env.TASKSCOPE_WORKER_DEPTH = 'deep'
    expect(workerEnvironment()).toEqual({ TASKSCOPE_WORKER_DEPTH: '1' })
  })
})
