import { sleep } from 'effection'
import { describe, expect, it } from 'vitest'
import { type TaskManager, TaskRunner } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { within } from '../runner/within.ts'
import { delay, failureOf, forever, untilAborted } from '../work.ts'
import { bind, on, trace, undo } from './traces.ts'

describe('the tracing channel taskscope:task', () => {
  it.each<[string, Parameters<TaskManager['spawn']>[0]]>([
    ['a value', () => 5],
    ['a promise', async () => 5],
    ['later', () => delay(5, 5)],
    [
      'an operation',
      function* () {
        yield* sleep(5)
        return 5
      },
    ],
  ])('tells the run of work that gives %s', async (_, work) => {
    const { log, traces } = trace()
    await within({}, async runner => {
      expect(await runner.submit(work, { name: 'five', type: 'number' })).toBe(5)
    })
    expect(log).toEqual(['start 1/1', 'end 1/1', 'asyncStart 1/1', 'asyncEnd 1/1'])
    expect(new Set(traces).size).toBe(1)
    expect(traces[0]).toMatchObject({ id: 1, name: 'five', type: 'number', attempt: 1, result: 5 })
  })

  it.each<[string, Parameters<TaskManager['spawn']>[0]]>([
    [
      'at once',
      () => {
        throw 'no'
      },
    ],
    ['in a promise', () => delay(5).then(() => Promise.reject('no'))],
    [
      'in an operation',
      function* () {
        yield* sleep(5)
        throw 'no'
      },
    ],
  ])('tells a failure %s', async (_, work) => {
    const { log, traces } = trace()
    await within({}, async runner => {
      expect(await failureOf(runner.submit(work))).toBe('no')
    })
    expect(log).toEqual(['start 1/1', 'end 1/1', 'error 1/1', 'asyncStart 1/1', 'asyncEnd 1/1'])
    expect(traces[0]).toMatchObject({ id: 1, name: 'task 1', type: undefined, attempt: 1, error: 'no' })
  })

  it('tells each attempt apart', async () => {
    const { log, traces } = trace()
    await within({}, async runner => {
      const work = ({ attempt }: { attempt: number }) => delay(5).then(() => attempt > 1 || Promise.reject('again'))
      await runner.submit(work, { retry: { retries: 1, wait: 5 } })
    })
    expect(log).toEqual([
      'start 1/1',
      'end 1/1',
      'error 1/1',
      'asyncStart 1/1',
      'asyncEnd 1/1',
      'start 1/2',
      'end 1/2',
      'asyncStart 1/2',
      'asyncEnd 1/2',
    ])
    expect(new Set(traces).size).toBe(2)
  })

  it('tells that a cancelled attempt has stopped, and abandoned work only when it has', async () => {
    const { log } = trace()
    await within({ cleanupTimeout: 5 }, async runner => {
      const clean = runner.submit(({ signal }) => untilAborted(signal))
      const stray = runner.submit(() => delay(50))
      const never = runner.submit(forever)
      await settle()
      for (const handle of [clean, stray, never]) handle.cancel()
      await runner.drain()
      expect(log.filter(line => line.startsWith('asyncEnd'))).toEqual(['asyncEnd 1/1'])
      await delay(50)
      expect(log.filter(line => line.startsWith('asyncEnd'))).toEqual(['asyncEnd 1/1', 'asyncEnd 2/1'])
      expect(log).toContain('error 1/1')
    })
  })

  it('tells nothing of a task that never starts', async () => {
    const { log } = trace()
    const runner = await TaskRunner.start()
    await runner.submit(() => 1).cancel()
    await settle()
    expect(log).toEqual([])
  })

  it('calls the work once, with any subscribers', async () => {
    trace()
    trace()
    bind()
    let calls = 0
    const runner = await TaskRunner.start()
    await runner.submit(() => void (calls += 1))
    expect(calls).toBe(1)
  })
})

describe('subscribers of the tracing channel that come or go in the middle', () => {
  it('hear nothing of attempts that had started before', async () => {
    await within({}, async runner => {
      const running = runner.submit(() => delay(10))
      await settle()
      const { log } = trace()
      await running
      expect(log).toEqual([])
      await runner.submit(() => 1)
      expect(log).toEqual(['start 2/1', 'end 2/1', 'asyncStart 2/1', 'asyncEnd 2/1'])
    })
  })

  it('break nothing when they are gone before the end', async () => {
    await within({}, async runner => {
      const { log } = trace()
      const running = runner.submit(() => delay(10, 'x'))
      await settle()
      for (const off of undo.splice(0)) off()
      expect(await running).toBe('x')
      expect(log).toEqual(['start 1/1', 'end 1/1'])
    })
  })

  it('may come in the start of another', async () => {
    await within({}, async runner => {
      const log: string[] = []
      const off = on('start', () => {
        off()
        on('asyncEnd', ({ id }) => log.push(`asyncEnd ${id}`))
      })
      await runner.submit(() => delay(5))
      expect(log).toEqual(['asyncEnd 1'])
    })
  })

  it('may want the end alone', async () => {
    await within({}, async runner => {
      const ended: unknown[] = []
      on('asyncEnd', ({ result }) => ended.push(result))
      await runner.submit(() => delay(5, 'x'))
      expect(ended).toEqual(['x'])
    })
  })
})
