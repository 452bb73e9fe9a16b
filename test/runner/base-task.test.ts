import { ensure, sleep } from 'effection'
import { describe, expect, it } from 'vitest'
import { BaseTask, type TaskContext, type TaskOptions } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, failureOf } from '../work.ts'
import { within } from './within.ts'

class Plain extends BaseTask<string> {
  readonly type = 'plain'
  run() {
    return `${this.name} ran`
  }
}

class Stubborn extends BaseTask<number> {
  readonly type = 'stubborn'
  override readonly retry = 2
  override readonly priority = 7
  override readonly timeout = 10
  calls = 0
  async run({ attempt, signal }: TaskContext) {
    this.calls += 1
    if (attempt === 3) return attempt
    await delay(1_000)
    throw signal.reason
  }
}

class Steps extends BaseTask<string[]> {
  readonly type = 'steps'
  readonly log: string[] = [];
  *run({ progress }: Pick<TaskContext, 'progress'>) {
    const { log } = this
    yield* ensure(() => void log.push('torn down'))
    log.push('first')
    yield* sleep(10)
    log.push('second')
    expect(progress).toBeTypeOf('function')
    return log
  }
}

describe('a task of a class', () => {
  it('is called by the name of its class, or as it is told', () => {
    expect(new Plain().name).toBe('Plain')
    expect(new Plain({ name: 'mine' }).name).toBe('mine')
  })

  it('keeps what it is told, and has no field for the rest', () => {
    expect({ ...new Plain() }).toEqual({ type: 'plain', name: 'Plain' })
    const options: TaskOptions = { timeout: 5, priority: -1, retry: { retries: 2, wait: 10 } }
    expect({ ...new Plain(options) }).toEqual({ type: 'plain', name: 'Plain', ...options })
  })

  it.each([
    [5, TypeError, /options must be an object, got 5/],
    [{ name: 5 }, TypeError, /name must be a string/],
    [{ timeout: -1 }, RangeError, /timeout must be/],
    [{ priority: 'low' }, TypeError, /priority must be/],
    [{ retry: 1.5 }, RangeError, /retr/],
    [{ retry: { retries: 1, backoff: 'cubic' } }, RangeError, /backoff must be one of/],
  ])('refuses wrong options where it is made: %j', (options, type, message) => {
    const attempt = () => new Plain(options as TaskOptions)
    expect(attempt).toThrow(type)
    expect(attempt).toThrow(message)
  })

  it('runs with its own fields as this', async () => {
    await within({}, async runner => {
      expect(await runner.submit(new Plain({ name: 'it' }))).toBe('it ran')
    })
  })

  it('has its timeout, its priority and its retries', async () => {
    await within({}, async runner => {
      const task = new Stubborn()
      const handle = runner.submit(task, { retry: { retries: 2, wait: 0 } })
      expect(await handle).toBe(3)
      expect(task.calls).toBe(3)
      const { priority, attempts } = handle.record()
      expect(priority).toBe(7)
      expect(attempts.map(({ error }) => (error as { code?: string } | undefined)?.code)).toEqual([
        'ERR_TASK_TIMEOUT',
        'ERR_TASK_TIMEOUT',
        undefined,
      ])
    })
  })

  it('waits a second before a retry of its own', async () => {
    const elapsed = await within({ cleanupTimeout: 0 }, async runner => {
      const handle = runner.submit(new Stubborn(), { timeout: 1 })
      await failureOf(handle.wait({ timeout: 500 }))
      expect(handle.record()).toMatchObject({ status: 'pending', attempt: 1 })
      expect(await handle).toBe(3)
    })
    expect(elapsed).toBeGreaterThanOrEqual(1_000)
  })

  it('may be an operation, with a scope of its own', async () => {
    await within({}, async runner => {
      const task = new Steps()
      const handle = runner.submit(task)
      expect(await handle).toBe(task.log)
      expect(task.log).toEqual(['first', 'second', 'torn down'])
    })
  })

  it('that is an operation is torn down by a cancel', async () => {
    await within({}, async runner => {
      const task = new Steps()
      const handle = runner.submit(task)
      await settle()
      expect(await handle.cancel()).toBe(true)
      expect(task.log).toEqual(['first', 'torn down'])
    })
  })

  it('fails with the very error that it throws', async () => {
    const error = new RangeError('mine')
    class Broken extends BaseTask<never> {
      readonly type = 'broken'
      run(): never {
        throw error
      }
    }
    await within({}, async runner => {
      const handle = runner.submit(new Broken())
      expect(await failureOf(handle)).toBe(error)
      expect(runner.getRecord(handle.id)).toMatchObject({ status: 'failed', type: 'broken', error })
    })
  })
})
