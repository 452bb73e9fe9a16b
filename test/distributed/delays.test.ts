import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { type TaskFunction, task, type WorkerOptions } from '../../src/worker.ts'
import { failOnce, note } from '../fixtures/bullmq/functions.ts'
import { until } from '../harness.ts'
import { describeEachServer } from '../servers/describe-each-server.ts'
import { ownQueue } from '../servers/queues.ts'
import { failureOf } from '../work.ts'
import { jobCounts } from './faults/engine.ts'
import { startWorker } from './worker-process.ts'

const FUNCTIONS = new URL('../fixtures/bullmq/functions.ts', import.meta.url)
const HOUR = 3_600_000

describeEachServer('delayed calls', server => {
  function scene() {
    const queue = ownQueue(server, 'delays')
    const connection = server.url
    const folder = mkdtempSync(join(tmpdir(), 'taskscope-delays-'))
    const notes = join(folder, 'notes')
    const open: { close(options: { timeout: number }): Promise<unknown> }[] = []
    onTestFinished(async () => {
      await Promise.all(open.map(made => made.close({ timeout: 0 })))
      rmSync(folder, { recursive: true })
    })
    function caller<A extends readonly unknown[], R>(fn: (...args: A) => R, options: WorkerOptions = {}) {
      const made: TaskFunction<A, R> = task(fn, { mode: 'distributed', queue, connection, ...options })
      open.push(made)
      return made
    }
    return {
      caller,
      notes,
      lines: () => (existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n') : []),
      serve: () => startWorker(FUNCTIONS, { connection, queue }),
      delayed: async () => (await jobCounts(server, queue)).delayed,
    }
  }

  it('wait at the broker, and are gone when they are cancelled', async () => {
    const { caller, notes, lines, serve, delayed } = scene()
    const later = caller(note)
    const calls = [
      later.with({ delay: HOUR })(notes, 'by delay'),
      later.with({ at: new Date(Date.now() + HOUR) })(notes, 'by date'),
    ]
    await until(async () => (await delayed()) === 2)
    await using _worker = await serve()
    expect(await later(notes, 'at once')).toBe('at once')
    expect(await later.with({ delay: 0 })(notes, 'no delay')).toBe('no delay')
    expect(await later.with({ at: new Date(0) })(notes, 'long ago')).toBe('long ago')
    await Promise.all(calls.map(call => call.cancel('no more')))
    for (const call of calls) expect(await failureOf(call)).toMatchObject({ cause: 'no more' })
    expect(await delayed()).toBe(0)
    expect(lines()).toEqual(['at once', 'no delay', 'long ago'])
  })

  it('are run when they are due, their timeouts counted from then, and again at once when they fail', async () => {
    const { caller, notes, serve } = scene()
    await using _worker = await serve()
    const from = Date.now()
    expect(await caller(note, { delay: 1_500, timeout: 1_400 })(`${notes}-1`, 'late')).toBe('late')
    expect(Date.now() - from).toBeGreaterThanOrEqual(1_500)
    // Delayed again, the second attempt would run past the deadline.
    const once = caller(failOnce, { at: new Date(Date.now() + 1_000), retry: 1, deadline: HOUR })
    expect(await once(`${notes}-2`)).toBe('second')
  })
})
