import { describe, expect, it, vi } from 'vitest'
import { SleepTask, type TaskHandle, type TaskRunner } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, failureOf, forever } from '../work.ts'
import { within } from './within.ts'

const TIGHT = { workers: 1, queueSize: 1, submitPolicy: 'wait' } as const

/** Notes when a handle is accepted. */
function note(log: string[], handle: TaskHandle<unknown>): void {
  handle.accepted.then(() => log.push(handle.name))
}

/** One task that runs for so long and one in the queue: the next has to wait. */
async function fill(runner: TaskRunner, milliseconds: number): Promise<void> {
  runner.submit(() => delay(milliseconds), { name: 'running' })
  await settle()
  runner.submit(() => delay(milliseconds), { name: 'queued' })
}

describe('a full queue that lets tasks wait', () => {
  it('accepts at once while there is room', async () => {
    await within(TIGHT, async runner => {
      const first = runner.submit(() => delay(10))
      const second = runner.submit(() => delay(10))
      await Promise.all([first.accepted, second.accepted])
      expect(runner.stats()).toMatchObject({ pending: 1, running: 1 })
      await runner.drain()
    })
  })

  it('accepts the next when there is room, and shows it as pending meanwhile', async () => {
    await within(TIGHT, async runner => {
      await fill(runner, 10)
      const log: string[] = []
      const third = runner.submit(new SleepTask({ ms: 10, name: 'third' }))
      note(log, third)
      await delay(5)
      expect(log).toEqual([])
      expect(third.status).toBe('pending')
      expect(runner.getRecord(third.id)).toMatchObject({ status: 'pending', name: 'third', attempt: 0 })
      expect(runner.records({ status: 'pending' })).toHaveLength(2)
      expect(runner.stats()).toMatchObject({ pending: 2, queueSize: 1, submitted: 3, rejected: 0 })
      await delay(5)
      await settle()
      expect(log).toEqual(['third'])
      expect(runner.stats()).toMatchObject({ pending: 1, queueSize: 1, running: 1 })
      expect(await third).toBe('slept for 10 ms')
    })
  })

  it('counts none whose signal is aborted before it is submitted', async () => {
    await within(TIGHT, async runner => {
      await fill(runner, 10)
      const unwanted = runner.submit(() => 1, { signal: AbortSignal.abort() })
      expect(await failureOf(unwanted)).toMatchObject({ code: 'ERR_TASK_CANCELLED' })
      expect(runner.stats()).toMatchObject({ pending: 1, queueSize: 1, running: 1, cancelled: 1 })
      expect(await runner.submit(() => 2)).toBe(2)
    })
  })

  it('accepts by priority and then arrival, and starts in that order', async () => {
    await within(TIGHT, async runner => {
      await fill(runner, 10)
      const accepted: string[] = []
      const started: string[] = []
      const submit = (name: string, priority: number) =>
        note(
          accepted,
          runner.submit(() => void started.push(name), { name, priority }),
        )
      submit('a', 0)
      submit('b', 5)
      submit('c', 0)
      submit('d', 5)
      submit('e', -1)
      await runner.drain()
      expect(accepted).toEqual(['b', 'd', 'a', 'c', 'e'])
      expect(started).toEqual(accepted)
    })
  })

  it('lets nobody overtake those who wait', async () => {
    await within(TIGHT, async runner => {
      const started: string[] = []
      await fill(runner, 10)
      const waiting = runner.submit(() => void started.push('waits'))
      // In the very moment in which there is room.
      const off = runner.on('done', () => {
        off()
        runner.submit(() => void started.push('late'))
      })
      await waiting
      await runner.drain()
      expect(started).toEqual(['waits', 'late'])
    })
  })

  it('lets nobody overtake them from inside a task, in the moment in which that leaves the queue', async () => {
    await within(TIGHT, async runner => {
      const started: string[] = []
      runner.submit(() => delay(10))
      await settle()
      runner.submit(() => {
        runner.submit(() => void started.push('from inside'))
      })
      runner.submit(() => void started.push('waits'))
      await runner.drain()
      expect(started).toEqual(['waits', 'from inside'])
    })
  })

  it('lets them in when there are more workers', async () => {
    await within({ ...TIGHT, queueSize: 0 }, async runner => {
      const handles = [1, 2, 3, 4, 5].map(() => runner.submit(() => delay(100)))
      await settle()
      expect(runner.stats()).toMatchObject({ running: 1, pending: 4, queueSize: 0 })
      runner.workers = 3
      await Promise.all(handles.slice(0, 3).map(handle => handle.accepted))
      await settle()
      expect(runner.stats()).toMatchObject({ running: 3, pending: 2, queueSize: 0 })
      runner.workers = Number.POSITIVE_INFINITY
      await settle()
      expect(runner.stats()).toMatchObject({ running: 5, pending: 0 })
    })
  })

  it('lets them in when the runner goes on after a pause', async () => {
    await within({ ...TIGHT, autoStart: false }, async runner => {
      const log: string[] = []
      const handles = ['a', 'b', 'c'].map(name => runner.submit(() => 1, { name }))
      for (const handle of handles) note(log, handle)
      await settle()
      expect(log).toEqual(['a'])
      runner.manager.resume()
      await runner.drain()
      expect(log).toEqual(['a', 'b', 'c'])
    })
  })

  it('lets the next in when one in the queue is cancelled', async () => {
    await within(TIGHT, async runner => {
      runner.submit(forever)
      await settle()
      const [queued, waiting] = [runner.submit(forever), runner.submit(forever)]
      queued.cancel()
      await waiting.accepted
      expect(runner.stats()).toMatchObject({ running: 1, pending: 1, queueSize: 1 })
      await runner.shutdown()
    })
  })

  it('goes no faster than the queue when accepted is awaited', async () => {
    await within({ workers: 2, queueSize: 3, submitPolicy: 'wait' }, async runner => {
      let most = 0
      for (let n = 0; n < 50; n += 1) {
        await runner.submit(() => delay(10)).accepted
        most = Math.max(most, runner.stats().pending)
      }
      expect(most).toBe(3)
      await runner.drain()
      expect(runner.stats()).toMatchObject({ done: 50, rejected: 0 })
    })
  })

  it('ends tasks that wait for it in turn, with a queue of 0', async () => {
    const elapsed = await within({ workers: 3, queueSize: 0, submitPolicy: 'wait' }, async runner => {
      const handles = Array.from({ length: 10 }, (_, n) => runner.submit(() => delay(10, n)))
      expect(await Promise.all(handles)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    })
    expect(elapsed).toBe(40)
  })

  it('takes as much as it is told with a queue of Infinity', async () => {
    await within({ ...TIGHT, queueSize: Number.POSITIVE_INFINITY }, async runner => {
      const handles = Array.from({ length: 1_000 }, () => runner.submit(() => 1))
      expect(runner.stats()).toMatchObject({ queueSize: 1_000 })
      await Promise.all(handles.map(handle => handle.accepted))
      await runner.drain()
    })
  })
})

describe('accepted', () => {
  it('is the same promise for as long as it is open', async () => {
    await within(TIGHT, async runner => {
      await fill(runner, 10)
      const third = runner.submit(() => 1)
      expect(third.accepted).toBe(third.accepted)
      await third
    })
  })

  it('may be asked for early, late and often', async () => {
    await within(TIGHT, async runner => {
      await fill(runner, 10)
      const third = runner.submit(() => 1)
      const early = third.accepted
      await third
      await Promise.all([early, third.accepted, third.accepted])
    })
  })

  it('resolves before the task starts', async () => {
    await within({ workers: 1, queueSize: 0, submitPolicy: 'wait' }, async runner => {
      const log: string[] = []
      runner.submit(() => delay(10))
      const waiting = runner.submit(() => void log.push('started'))
      waiting.accepted.then(() => log.push('accepted'))
      await waiting
      expect(log.sort()).toEqual(['accepted', 'started'])
    })
  })

  it('does not tell a failure that comes later', async () => {
    await within(TIGHT, async runner => {
      await fill(runner, 10)
      const failing = runner.submit(() => Promise.reject('later'))
      await failing.accepted
      expect(await failureOf(failing)).toBe('later')
      await failing.accepted
    })
  })

  it('does not observe a failure: it is still reported', async () => {
    const onError = vi.fn()
    await within({ ...TIGHT, onError }, async runner => {
      await fill(runner, 10)
      const failing = runner.submit(() => Promise.reject('nobody looks'))
      await failing.accepted
      await runner.drain()
      expect(onError.mock.calls).toEqual([['nobody looks', expect.objectContaining({ id: failing.id })]])
    })
  })
})
