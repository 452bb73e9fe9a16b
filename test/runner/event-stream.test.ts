import { describe, expect, it } from 'vitest'
import { type TaskEvent, type TaskEvents, TaskRunner } from '../../src/index.ts'
import { EventStream } from '../../src/runner/events.ts'
import { Emitter } from '../../src/scheduler/events.ts'
import { settle } from '../harness.ts'
import { delay } from '../work.ts'
import { within } from './within.ts'

/** An event as `type id`. */
function brief(event: TaskEvent): string {
  return 'record' in event ? `${event.type} ${event.record.id}` : event.type
}

/** All that is left in a stream. */
async function rest(events: TaskEvents): Promise<string[]> {
  const seen: string[] = []
  for await (const event of events) seen.push(brief(event))
  return seen
}

const ONE_TASK = ['submitted 1', 'started 1', 'done 1', 'drained', 'closed']

describe('events', () => {
  it('gives everything from now on in order, and ends with the close', async () => {
    await within({}, async runner => {
      await runner.submit(() => 'before')
      await settle()
      const seen = rest(runner.events())
      await runner.submit(async task => {
        task.progress(0.5)
        await delay(10)
      })
      runner.submit(() => Promise.reject('no'))
      runner.submit(() => 1).cancel()
      runner.submit(({ attempt }) => attempt > 1 || Promise.reject('no'), { retry: { retries: 1, wait: 5 } })
      await runner.close()
      expect(await seen).toEqual([
        'submitted 2',
        'started 2',
        'progress 2',
        'done 2',
        'drained',
        'submitted 3',
        'submitted 4',
        'cancelled 4',
        'submitted 5',
        'started 3',
        'started 5',
        'failed 3',
        'retrying 5',
        'started 5',
        'done 5',
        'drained',
        'closed',
      ])
    })
  })

  it('gives what on gives: the very same events', async () => {
    const runner = await TaskRunner.start()
    const heard: TaskEvent[] = []
    for (const type of ['submitted', 'started', 'done', 'drained', 'closed'] as const) {
      runner.on(type, event => heard.push(event))
    }
    const events = runner.events()
    await runner.submit(() => 1)
    await runner.close()
    const seen: TaskEvent[] = []
    for await (const event of events) seen.push(event)
    expect(seen).toEqual(heard)
    expect(seen.every((event, index) => event === heard[index])).toBe(true)
  })

  it('waits in a buffer for a loop that comes late', async () => {
    const runner = await TaskRunner.start()
    const events = runner.events()
    await runner.submit(() => 1)
    await runner.close()
    await settle()
    expect(await rest(events)).toEqual(ONE_TASK)
    expect(events.dropped).toBe(0)
  })

  it('serves several loops at once, each with everything', async () => {
    const runner = await TaskRunner.start()
    const loops = [runner.events(), runner.events(), runner.events()].map(rest)
    await runner.submit(() => 1)
    await runner.close()
    expect(await Promise.all(loops)).toEqual([ONE_TASK, ONE_TASK, ONE_TASK])
  })

  it('serves those who ask ahead in turn, and tells them of the end', async () => {
    const runner = await TaskRunner.start()
    const events = runner.events()
    const asked = Array.from({ length: 7 }, () => events.next())
    await runner.submit(() => 1)
    await runner.close()
    const answers = await Promise.all(asked)
    expect(answers.map(({ value }) => value && brief(value))).toEqual([...ONE_TASK, undefined, undefined])
    expect(answers.map(({ done }) => done)).toEqual([false, false, false, false, false, true, true])
    expect(await events.next()).toEqual({ value: undefined, done: true })
  })

  it('after the close ends at once', async () => {
    const runner = await TaskRunner.start()
    await runner.submit(() => 1)
    await runner.close()
    expect(await rest(runner.events())).toEqual([])
    await settle()
    expect(await rest(runner.events())).toEqual([])
  })

  it('while it closes still gives what is to come', async () => {
    await within({}, async runner => {
      runner.submit(() => delay(10))
      await settle()
      const closing = runner.close()
      expect(await rest(runner.events())).toEqual(['done 1', 'drained', 'closed'])
      await closing
    })
  })

  it.each([
    [{ buffer: 0 }, RangeError, /buffer must be a positive integer or Infinity, got 0/],
    [{ buffer: 1.5 }, RangeError, /buffer must be .*got 1.5/],
    [{ buffer: '9' }, TypeError, /buffer must be .*got "9"/],
    [9, TypeError, /options must be an object, got 9/],
  ])('refuses wrong options: %j', async (options, type, message) => {
    const runner = await TaskRunner.start()
    const attempt = () => runner.events(options as object)
    expect(attempt).toThrow(type)
    expect(attempt).toThrow(message)
  })
})

describe('a loop that falls behind', () => {
  it('loses the oldest, and the loss is counted', async () => {
    const runner = await TaskRunner.start()
    const events = runner.events({ buffer: 3 })
    for (let n = 0; n < 3; n += 1) await runner.submit(() => n)
    await runner.close()
    await settle()
    expect(events.dropped).toBe(3 * 4 + 1 - 3)
    expect(await rest(events)).toEqual(['done 3', 'drained', 'closed'])
  })

  it('keeps the order when it catches up in between', async () => {
    const runner = await TaskRunner.start({ queueSize: 1_000 })
    const events = runner.events({ buffer: 5 })
    const seen: number[] = []
    for (let round = 1; round <= 40; round += 1) {
      for (let n = 0; n < round % 9; n += 1) runner.submit(() => n).cancel()
      await settle()
      for (let n = 0; n < round % 4; n += 1) {
        const event = events.next()
        const answer = await Promise.race([event, settle().then(() => undefined)])
        if (answer === undefined) break
        if (answer.value && 'record' in answer.value) seen.push(answer.value.record.id)
      }
    }
    expect(seen.length).toBeGreaterThan(30)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(events.dropped).toBeGreaterThan(0)
    await runner.close()
  })

  it('has a buffer of 1,000 if nothing else is said', async () => {
    const runner = await TaskRunner.start({ queueSize: 2_000 })
    const events = runner.events()
    for (let n = 0; n < 1_500; n += 1) runner.submit(() => n)
    await runner.drain()
    await settle()
    expect(events.dropped).toBe(1_500 * 3 + 1 - 1_000)
    await events.return?.()
  })

  it('loses nothing with a buffer of Infinity', async () => {
    const runner = await TaskRunner.start({ queueSize: Number.POSITIVE_INFINITY })
    const events = runner.events({ buffer: Number.POSITIVE_INFINITY })
    for (let n = 0; n < 50_000; n += 1) runner.submit(() => n)
    await runner.close({ timeout: Number.POSITIVE_INFINITY })
    await settle()
    expect(await rest(events)).toHaveLength(150_002)
    expect(events.dropped).toBe(0)
  })
})

/** An emitter, a stream that follows it, and whether it still follows. */
function stream(buffer = 10) {
  const emitter = new Emitter<{ drained: TaskEvent }>({ wanted: false, heard: false, note: () => () => {} }, () => {})
  const events = new EventStream(buffer, take => emitter.follow(take))
  const emit = async () => {
    emitter.emit('drained', { type: 'drained' })
    await settle()
  }
  return { events, emit, followed: () => emitter.wants('drained') }
}

describe('a follower that leaves', () => {
  it('the loop by break stops listening', async () => {
    const { events, emit, followed } = stream()
    await emit()
    for await (const _ of events) break
    expect(followed()).toBe(false)
    await emit()
    expect(await events.next()).toEqual({ value: undefined, done: true })
  })

  it('the loop by an error stops listening', async () => {
    const { events, emit, followed } = stream()
    await emit()
    const loop = async () => {
      for await (const _ of events) throw new Error('enough')
    }
    await expect(loop()).rejects.toThrow('enough')
    expect(followed()).toBe(false)
  })

  it('by return stops listening, and what was asked for is over', async () => {
    const { events, emit, followed } = stream()
    const asked = events.next()
    expect(await events.return?.()).toEqual({ value: undefined, done: true })
    expect(await asked).toEqual({ value: undefined, done: true })
    expect(followed()).toBe(false)
    await emit()
    expect(await events.next()).toEqual({ value: undefined, done: true })
    expect(await events.return?.()).toEqual({ value: undefined, done: true })
  })

  it('by return hears nothing of what is still in the buffer', async () => {
    const { events, emit } = stream()
    for (let n = 0; n < 3; n += 1) await emit()
    expect(await events.next()).toMatchObject({ done: false })
    await events.return?.()
    expect(await events.next()).toEqual({ value: undefined, done: true })
  })

  it('by await using stops listening', async () => {
    const { events, followed } = stream()
    {
      await using following = events
      expect(following[Symbol.asyncIterator]()).toBe(events)
      expect(followed()).toBe(true)
    }
    expect(followed()).toBe(false)
  })

  it('in a listener of the same event hears nothing more', async () => {
    const runner = await TaskRunner.start()
    const events = runner.events()
    runner.on('submitted', () => void events.return?.())
    await runner.submit(() => 1)
    await settle()
    expect(await events.next()).toEqual({ value: undefined, done: true })
  })
})
