import { describe, expect, it, vi } from 'vitest'
import { type ManagerEvents, TaskRunner } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, forever, listening, untilAborted } from '../work.ts'
import { within } from './within.ts'

const EVENTS: readonly (keyof ManagerEvents)[] = [
  'submitted',
  'started',
  'progress',
  'retrying',
  'stopping',
  'done',
  'failed',
  'cancelled',
  'abandoned',
  'drained',
  'closed',
]

/** A life in which every event happens; gives what became of the tasks. */
async function everything(runner: TaskRunner): Promise<unknown[]> {
  const tasks = [
    runner.submit(task => {
      task.progress(1)
      return 'done'
    }),
    runner.submit(() => Promise.reject('failed')),
    runner.submit(({ attempt }) => attempt > 1 || Promise.reject('again'), { retry: { retries: 1, wait: 5 } }),
    runner.submit(({ signal }) => untilAborted(signal)),
    runner.submit(task => listening(task, forever)),
  ]
  const settled = Promise.allSettled(tasks)
  await settle()
  tasks[3]?.cancel('enough')
  tasks[4]?.cancel('enough')
  const outcomes = await settled
  await runner.drain()
  return outcomes.map(outcome => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason?.cause || 'failed'))
}

const OUTCOMES = ['done', 'failed', true, 'enough', 'enough']

describe('a listener', () => {
  it('of each event is called, with its record', async () => {
    await within({ cleanupTimeout: 5, workers: 10 }, async runner => {
      const heard = new Set<string>()
      for (const type of EVENTS) {
        runner.on(type, event => {
          expect(event.type).toBe(type)
          if ('record' in event) expect(Object.isFrozen(event.record)).toBe(true)
          heard.add(type)
        })
      }
      expect(await everything(runner)).toEqual(OUTCOMES)
      await runner.close()
      await settle()
      expect([...heard].sort()).toEqual([...EVENTS].sort())
    })
  })

  it.each(EVENTS)('of %s that throws changes nothing, and is logged', async type => {
    const logger = { error: vi.fn() }
    await within({ cleanupTimeout: 5, workers: 10, logger }, async runner => {
      const broken = new Error('a listener broke')
      const other = vi.fn()
      runner.on(type, () => {
        throw broken
      })
      runner.on(type, other)
      const stream = runner.events()
      expect(await everything(runner)).toEqual(OUTCOMES)
      expect(await runner.close()).toMatchObject({ done: 2, failed: 1, cancelled: 2 })
      await settle()
      expect(other).toHaveBeenCalled()
      expect(logger.error.mock.calls).toEqual(other.mock.calls.map(() => [broken, 'an event listener threw']))
      const seen: string[] = []
      for await (const event of stream) seen.push(event.type)
      expect(seen.at(-1)).toBe('closed')
    })
  })

  it.each(EVENTS.filter(type => type !== 'closed'))('of %s may submit', async type => {
    await within({ cleanupTimeout: 5, workers: 10 }, async runner => {
      const submitted: Promise<unknown>[] = []
      const off = runner.on(type, () => {
        off()
        submitted.push(runner.submit(() => 'submitted by a listener'))
      })
      expect(await everything(runner)).toEqual(OUTCOMES)
      await settle()
      expect(await Promise.all(submitted)).toEqual(['submitted by a listener'])
      expect(runner.stats()).toMatchObject({ submitted: 6, done: 3 })
    })
  })

  it.each(EVENTS.filter(type => type !== 'closed'))('of %s may cancel everything', async type => {
    await within({ cleanupTimeout: 5, workers: 10 }, async runner => {
      const off = runner.on(type, () => {
        off()
        for (const { id } of runner.records({ status: ['pending', 'running'] })) runner.cancel(id, 'a listener')
      })
      await everything(runner)
      const { done, failed, cancelled } = runner.stats()
      expect(done + failed + cancelled).toBe(5)
      expect(runner.records()).toHaveLength(5)
    })
  })

  it.each(EVENTS)('of %s may close', async type => {
    await within({ cleanupTimeout: 5, workers: 10 }, async runner => {
      let report: Promise<unknown> | undefined
      const off = runner.on(type, () => {
        off()
        report = runner.shutdown()
      })
      await everything(runner).catch(() => {})
      await runner.close()
      await settle()
      expect(await report).toEqual(await runner.close())
      const { done, failed, cancelled, pending, running, stopping } = runner.stats()
      expect([done + failed + cancelled, pending, running, stopping]).toEqual([runner.stats().submitted, 0, 0, 0])
    })
  })

  it('may take another one away, which hears no later event', async () => {
    const runner = await TaskRunner.start()
    const second = vi.fn()
    const off = { second: () => {} }
    runner.on('done', () => off.second())
    off.second = runner.on('done', second)
    await runner.submit(() => 1)
    await runner.submit(() => 2)
    await settle()
    expect(second.mock.calls.length).toBeLessThanOrEqual(1)
  })

  it('may add another one, which hears the next event', async () => {
    const runner = await TaskRunner.start()
    const later = vi.fn()
    const off = runner.on('done', () => {
      off()
      runner.on('done', event => later(event.record.id))
    })
    await runner.submit(() => 1)
    await runner.submit(() => 2)
    await settle()
    expect(later.mock.calls).toEqual([[2]])
  })

  it.each([
    ['finished', () => {}, RangeError, /event must be one of 'submitted'.*got "finished"/],
    ['done', 'log', TypeError, /listener must be a function, got "log"/],
  ])('is refused if wrong: %j', async (event, listener, type, message) => {
    const runner = await TaskRunner.start()
    const attempt = () => runner.on(event as 'done', listener as () => void)
    expect(attempt).toThrow(type)
    expect(attempt).toThrow(message)
  })

  it('hears of tasks spawned on the manager', async () => {
    const runner = await TaskRunner.start()
    const done = vi.fn()
    runner.on('done', event => done(event.record.result))
    await runner.manager.spawn(() => 'spawned')
    await settle()
    expect(done.mock.calls).toEqual([['spawned']])
  })

  it('that submits for ever does not keep a closed runner busy', async () => {
    await within({ workers: 1 }, async runner => {
      const refused: unknown[] = []
      runner.on('done', () => {
        try {
          runner.submit(() => delay(1))
        } catch (error) {
          refused.push(error)
        }
      })
      runner.submit(() => delay(1))
      await delay(100)
      await runner.close()
      await settle()
      expect(refused).toMatchObject([{ code: 'ERR_MANAGER_CLOSED' }])
    })
  })
})
