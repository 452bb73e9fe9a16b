import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { BaseTask, QueueFullError, type SubmitOptions, TaskRunner } from '../../src/index.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import { memoryStore } from '../../src/store/memory-store.ts'
import type { TaskStore } from '../../src/store/types.ts'
import { autojump, settle, until } from '../harness.ts'
import { commandOf } from '../store/processes.ts'
import { delay } from '../work.ts'
import { CountingTask } from './counting-task.ts'
import { within } from './within.ts'

const HOUR = 3_600_000

async function left(...tasks: readonly SubmitOptions[]): Promise<TaskStore> {
  const store = memoryStore()
  const runner = await TaskRunner.start({ store, tasks: [CountingTask], logger: false, autoStart: false })
  for (const [n, options] of tasks.entries()) runner.submit(new CountingTask(n + 1), options)
  await runner.flush()
  await store.close()
  return store
}

function restart(store: TaskStore): Promise<TaskRunner> {
  return TaskRunner.start({ store, tasks: [CountingTask], logger: false })
}

beforeEach(() => {
  CountingTask.runs = []
})

describe('a delayed task of a runner', () => {
  it('is run by the next one at its time, or at once when that is past', async () => {
    await autojump(async () => {
      const from = Date.now()
      const store = await left({ delay: 5_000 }, { at: new Date(from + 10_000) }, { delay: 60_000 })
      const notBefore = [from + 5_000, from + 10_000, from + 60_000]
      await delay(7_000)
      const runner = await restart(store)
      expect(runner.records().map(record => record.notBefore)).toEqual(notBefore.toReversed())
      await settle()
      expect(CountingTask.runs).toEqual([1])
      await runner.wait(2)
      expect(Date.now() - from).toBe(10_000)
      await runner.wait(3)
      expect(Date.now() - from).toBe(60_000)
      await runner.close()
    })
  })

  it('waits no longer because the clock was set back while nobody ran', async () => {
    await autojump(async () => {
      const store = await left({ delay: 5_000 })
      vi.setSystemTime(Date.now() - HOUR)
      const [runner, from] = [await restart(store), performance.now()]
      await runner.wait(1)
      expect(performance.now() - from).toBe(5_000)
      await runner.close()
    })
  })

  it('is left to the next one by a close that keeps what is pending', async () => {
    await autojump(async () => {
      const store = memoryStore()
      const first = await restart(store)
      const from = Date.now()
      await first.submit(new CountingTask(1), { delay: HOUR }).accepted
      const report = await first.close({ pending: 'keep' })
      expect(report.kept?.map(({ id }) => id)).toEqual([1])
      const second = await restart(store)
      expect(await second.wait(1)).toBe(2)
      expect(Date.now() - from).toBe(HOUR)
      await second.close()
    }, 2 * HOUR)
  })

  it('takes a place of the queue: refused, waiting for one, or the one that is dropped', async () => {
    const full = { workers: 1, queueSize: 1 } as const
    await within({ ...full, submitPolicy: 'reject' }, async runner => {
      runner.submit(() => 1, { delay: 10 })
      expect(() => runner.submit(() => 2, { delay: 10 })).toThrow(QueueFullError)
      expect(await runner.submit(() => 3)).toBe(3)
    })
    await within({ ...full, submitPolicy: 'wait' }, async runner => {
      const from = Date.now()
      runner.submit(() => 1, { delay: 10 })
      // Its own delay is over by the time that it has a place.
      const second = runner.submit(() => Date.now() - from, { delay: 10 })
      const third = runner.submit(() => Date.now() - from, { delay: 25 })
      let accepted = false
      third.accepted.then(() => {
        accepted = true
      })
      await settle()
      expect(accepted).toBe(false)
      expect(runner.stats()).toMatchObject({ pending: 3, queueSize: 1 })
      expect(await second).toBe(10)
      await settle()
      expect(accepted).toBe(true)
      expect(await third).toBe(25)
    })
    await within({ ...full, submitPolicy: 'dropOldest' }, async runner => {
      const [first, second] = [runner.submit(() => 1, { delay: 10 }), runner.submit(() => 2, { delay: 20 })]
      expect(first.status).toBe('cancelled')
      expect(await second).toBe(2)
    })
  })

  it('has waited only since it was due', async () => {
    await within({}, async runner => {
      await runner.submit(() => 1, { delay: 1_000 })
      await runner.submit(() => 1, { at: new Date(Date.now() + 1_000) })
      await runner.submit(() => 1)
      expect(runner.stats().waitTime).toMatchObject({ count: 3, max: 0 })
    })
  })
})

class Late extends BaseTask<string> {
  readonly type = 'late'

  run(): string {
    return 'run by the next process'
  }

  static fromJSON(): Late {
    return new Late()
  }
}

describe.skipIf(process.platform === 'win32' || !process.features.typescript)('killed while tasks are delayed', () => {
  it('leaves them in the file: the next process runs what is overdue at once, and the others in time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'taskscope-delays-'))
    try {
      const path = join(folder, 'tasks.db')
      const [command = '', ...args] = commandOf('runner/delayed', path)
      const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      child.kill('SIGKILL')
      await once(child, 'close')
      const runner = await TaskRunner.start({ store: sqliteStore(path), tasks: [Late], logger: false })
      expect(await runner.wait(1)).toBe('run by the next process')
      const [dated, delayed] = runner.records({ status: 'pending' })
      expect([dated?.name, delayed?.name]).toEqual(['by date', 'by delay'])
      expect(delayed?.notBefore).toBe((delayed?.createdAt ?? 0) + HOUR)
      expect(Math.abs((dated?.notBefore ?? 0) - (delayed?.notBefore ?? 0))).toBeLessThan(10_000)
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * HOUR })
      await runner.close({ pending: 'keep', timeout: 0 })
      // Two hours later.
      const later = await TaskRunner.start({ store: sqliteStore(path), tasks: [Late], logger: false })
      vi.useRealTimers()
      await until(() => later.stats().done === 2)
      await later.close()
    } finally {
      vi.useRealTimers()
      rmSync(folder, { recursive: true })
    }
  })
})
