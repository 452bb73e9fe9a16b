import { describe, expect, it, vi } from 'vitest'
import { type RunnerLogger, type TaskEvent, TaskRunner } from '../../src/index.ts'
import { eventLog } from '../../src/runner/events.ts'
import { settle } from '../harness.ts'
import { delay, forever, listening, untilAborted } from '../work.ts'
import { within } from './within.ts'

const LEVELS = ['error', 'warn', 'info', 'debug'] as const

/** A logger like pino's: methods that need their `this`, an object first and the message second. */
class Structured {
  readonly lines: string[] = []
  readonly objects: unknown[] = []

  #log(level: string, object: unknown, message: string): void {
    this.lines.push(`${level}: ${message}`)
    this.objects.push(object)
  }

  error(object: unknown, message: string) {
    this.#log('error', object, message)
  }
  warn(object: object, message: string) {
    this.#log('warn', object, message)
  }
  info(object: object, message: string) {
    this.#log('info', object, message)
  }
  debug(object: object, message: string) {
    this.#log('debug', object, message)
  }
}

async function life(runner: TaskRunner): Promise<void> {
  await runner.submit(task => task.progress(0.5), { name: 'good' })
  const flaky = ({ attempt }: { attempt: number }) => (attempt > 1 ? 1 : Promise.reject('again'))
  await runner.submit(flaky, { name: 'flaky', retry: { retries: 1, wait: 5 } })
  const stuck = runner.submit(task => listening(task, forever), { name: 'stuck' })
  await settle()
  await stuck.cancel()
  runner.submit(() => Promise.reject(new Error('lost')), { name: 'bad' })
  await runner.close()
  await settle()
}

const LINES = [
  'debug: task 1 "good" submitted',
  'debug: task 1 "good" started',
  'debug: task 1 "good" done',
  'debug: drained',
  'debug: task 2 "flaky" submitted',
  'debug: task 2 "flaky" started',
  'warn: task 2 "flaky" is tried again',
  'debug: task 2 "flaky" started',
  'debug: task 2 "flaky" done',
  'debug: drained',
  'debug: task 3 "stuck" submitted',
  'debug: task 3 "stuck" started',
  'debug: task 3 "stuck" stopping',
  'warn: task 3 "stuck" was abandoned',
  'debug: task 3 "stuck" cancelled',
  'debug: drained',
  'debug: task 4 "bad" submitted',
  'debug: task 4 "bad" started',
  'error: task 4 "bad" failed and nobody observed it: lost',
  'debug: task 4 "bad" failed',
  'debug: drained',
  'info: closed',
]

describe('a logger', () => {
  it('of all levels, like pino, gets every event at its own, with an object first', async () => {
    const logger = new Structured()
    await within({ logger, cleanupTimeout: 5 }, life)
    expect(logger.lines.toSorted()).toEqual(LINES.toSorted())
    expect(logger.lines.filter(line => !line.startsWith('error'))).toEqual(
      LINES.filter(line => !line.startsWith('error')),
    )
    expect(logger.objects.every(object => typeof object === 'object' && object !== null)).toBe(true)
    const events = logger.objects.filter(object => !(object instanceof Error)) as TaskEvent[]
    expect(events[0]).toMatchObject({ type: 'submitted', record: { id: 1, name: 'good' } })
    expect(events.at(-1)).toMatchObject({ type: 'closed', report: { done: 2, failed: 1, cancelled: 1 } })
  })

  it.each(['warn', 'info', 'debug'] as const)('that has only error and %s gets those', async level => {
    const full = new Structured()
    const logger: RunnerLogger = {
      error: (object, message) => full.error(object, message),
      [level]: (object: object, message: string) => full[level](object, message),
    }
    await within({ logger, cleanupTimeout: 5 }, life)
    const expected = LINES.filter(line => line.startsWith(level) || line.startsWith('error'))
    expect(full.lines.toSorted()).toEqual(expected.toSorted())
  })

  it('that has only error gets what nobody observed, and costs no events', async () => {
    const logger = { error: vi.fn() }
    expect(eventLog(logger)).toBeUndefined()
    await within({ logger, cleanupTimeout: 5 }, life)
    expect(logger.error.mock.calls).toEqual([
      [expect.objectContaining({ message: 'lost' }), 'task 4 "bad" failed and nobody observed it: lost'],
    ])
  })

  it('gets failures that are no errors in an object', async () => {
    const logger = { error: vi.fn() }
    await within({ logger }, async runner => {
      runner.submit(() => Promise.reject('a string'))
      await runner.drain()
    })
    expect(logger.error.mock.calls).toEqual([[{ error: 'a string' }, 'task 1 failed and nobody observed it: a string']])
  })

  it('leaves failures to onError', async () => {
    const logger = new Structured()
    const onError = vi.fn()
    await within({ logger, onError, cleanupTimeout: 5 }, life)
    expect(onError.mock.calls).toMatchObject([[{ message: 'lost' }, { id: 4, status: 'failed' }]])
    expect(logger.lines.filter(line => line.startsWith('error'))).toEqual([])
  })

  it.each(LEVELS)('whose %s throws changes nothing', async level => {
    const logger: RunnerLogger = { error() {}, warn() {}, info() {}, debug() {} }
    logger[level] = () => {
      throw new Error('the log is full')
    }
    await within({ logger, cleanupTimeout: 5 }, async runner => {
      await life(runner)
      expect(runner.stats()).toMatchObject({ done: 2, failed: 1, cancelled: 1, abandoned: 1 })
    })
  })

  it('that throws everywhere changes nothing either', async () => {
    const fail = () => {
      throw new Error('the log is full')
    }
    await within({ logger: { error: fail, warn: fail, info: fail, debug: fail }, cleanupTimeout: 5 }, async runner => {
      await life(runner)
      expect(runner.stats()).toMatchObject({ done: 2, failed: 1, cancelled: 1 })
    })
  })

  it('is the console for errors alone, if none is given', async () => {
    const printed = LEVELS.map(level => vi.spyOn(console, level).mockImplementation(() => {}))
    try {
      const runner = await TaskRunner.start({ name: 'shop' })
      runner.submit(() => Promise.reject(new Error('lost')))
      await runner.close()
      await settle()
      expect(printed.map(spy => spy.mock.calls.length)).toEqual([1, 0, 0, 0])
      expect(printed[0]?.mock.calls[0]?.[0]).toBe('task 1 failed and nobody observed it: lost:')
    } finally {
      for (const spy of printed) spy.mockRestore()
    }
  })

  it('of false says nothing', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
    try {
      const runner = await TaskRunner.start({ logger: false })
      runner.submit(() => Promise.reject(new Error('lost')))
      await runner.close()
      expect(printed).not.toHaveBeenCalled()
    } finally {
      printed.mockRestore()
    }
  })

  it('does not hear of progress, which may come often', async () => {
    const logger = new Structured()
    await within({ logger }, async runner => {
      await runner.submit(async task => {
        for (let n = 0; n <= 10; n += 1) {
          task.progress(n / 10)
          await delay(1)
        }
      })
      const slow = runner.submit(({ signal }) => untilAborted(signal))
      await settle()
      await slow.cancel()
    })
    expect(logger.lines.some(line => line.includes('progress'))).toBe(false)
  })
})
