import { createRequire } from 'node:module'
import { describe, expect, it, vi } from 'vitest'
import fastq, { promise } from '../../src/compat/fastq.ts'
import { createGate } from '../../src/testing.ts'
import { settle } from '../harness.ts'

type Done = (error: Error | null, result?: unknown) => void

/** A queue whose tasks end when the test says so. */
function held(concurrency: number) {
  const running: { value: string; done: Done }[] = []
  const queue = fastq<string>((value, done) => void running.push({ value, done: done as Done }), concurrency)
  return { queue, running, values: () => running.map(({ value }) => value) }
}

describe('fastq', () => {
  it('calls the worker in push, and done when it calls back', () => {
    const queue = fastq<number, number>((n, done) => done(null, n * 2), 1)
    const done = vi.fn()
    queue.push(21, done)
    expect(done).toHaveBeenCalledWith(null, 42)
    expect(queue.idle()).toBe(true)
  })

  it('calls both with the context', () => {
    const context = { hello: 'world' }
    const seen: unknown[] = []
    const queue = fastq(
      context,
      function (this: unknown, n: number, done) {
        seen.push(this, n)
        done(null)
      },
      1,
    )
    queue.push(1, function (this: unknown) {
      seen.push(this)
    })
    expect(seen).toEqual([context, 1, context])
  })

  it('runs so many at a time, in order', async () => {
    const { queue, running, values } = held(2)
    for (const value of ['a', 'b', 'c']) queue.push(value)
    expect(values()).toEqual(['a', 'b'])
    expect([queue.running(), queue.length(), queue.idle()]).toEqual([2, 1, false])
    running[0]?.done(null)
    await settle()
    expect(values()).toEqual(['a', 'b', 'c'])
  })

  it('puts what is unshifted before all that waits, and tells what waits in its order', async () => {
    const { queue, running, values } = held(1)
    queue.push('running')
    queue.push('last')
    queue.unshift('second')
    queue.unshift('first')
    expect(queue.getQueue()).toEqual(['first', 'second', 'last'])
    for (let n = 0; n < 3; n++) {
      running[n]?.done(null)
      await settle()
    }
    expect(values()).toEqual(['running', 'first', 'second', 'last'])
  })

  it('hands errors to done and to the error handler', () => {
    const error = new Error('its own')
    const queue = fastq<number>((_, done) => done(error), 1)
    const handler = vi.fn()
    const done = vi.fn()
    queue.error(handler)
    queue.push(1, done)
    expect(done).toHaveBeenCalledWith(error, undefined)
    expect(handler).toHaveBeenCalledWith(error, 1)
  })

  it('takes what a worker throws for its error, and goes on', async () => {
    const error = new Error('thrown')
    const queue = fastq<number>((n, done) => {
      if (n === 1) throw error
      done(null, n)
    }, 1)
    const done = vi.fn()
    queue.push(1, done)
    queue.push(2, done)
    await settle()
    expect(done.mock.calls).toEqual([
      [error, undefined],
      [null, 2],
    ])
    expect(queue.idle()).toBe(true)
  })

  it('does not mind being called back twice', () => {
    const done = vi.fn()
    const queue = fastq<number>((_, callback) => {
      callback(null)
      callback(null)
    }, 1)
    queue.push(1, done)
    expect(done).toHaveBeenCalledTimes(1)
    expect(queue.running()).toBe(0)
  })

  it('pauses and resumes', () => {
    const { queue, values } = held(2)
    queue.pause()
    queue.push('a')
    expect([queue.paused, values(), queue.length()]).toEqual([true, [], 1])
    queue.resume()
    expect([queue.paused, values(), queue.running()]).toEqual([false, ['a'], 1])
  })

  it('calls drain when it is resumed with nothing to do', () => {
    const { queue } = held(1)
    queue.drain = vi.fn()
    queue.resume()
    expect(queue.drain).not.toHaveBeenCalled()
    queue.pause()
    queue.resume()
    expect(queue.drain).toHaveBeenCalledTimes(1)
  })

  it('starts more when concurrency is raised, and stops none when it is lowered', () => {
    const { queue } = held(1)
    for (const value of ['a', 'b', 'c', 'd']) queue.push(value)
    queue.concurrency = 3
    expect(queue.running()).toBe(3)
    queue.concurrency = 1
    expect([queue.concurrency, queue.running()]).toEqual([1, 3])
  })

  it.each([0, -1, Number.NaN, undefined])('refuses the concurrency %j', concurrency => {
    const message = 'fastqueue concurrency must be equal to or greater than 1'
    expect(() => fastq(() => {}, concurrency as number)).toThrow(message)
    const { queue } = held(1)
    expect(() => {
      queue.concurrency = concurrency as number
    }).toThrow(message)
  })

  it('tells when it is saturated, empty and drained', async () => {
    const { queue, running } = held(1)
    const log: string[] = []
    queue.saturated = () => log.push('saturated')
    queue.empty = () => log.push('empty')
    queue.drain = () => log.push('drain')
    queue.push('a')
    expect(log).toEqual([])
    queue.push('b')
    queue.push('c')
    expect(log).toEqual(['saturated'])
    running[0]?.done(null)
    await settle()
    running[1]?.done(null)
    await settle()
    expect(log).toEqual(['saturated', 'empty'])
    running[2]?.done(null)
    expect(log).toEqual(['saturated', 'empty', 'drain'])
  })

  it('forgets what waits with kill, and drain too', async () => {
    const { queue, running, values } = held(1)
    const drain = vi.fn()
    const done = vi.fn()
    queue.drain = drain
    queue.push('a')
    queue.push('b', done)
    queue.kill()
    expect(queue.length()).toBe(0)
    running[0]?.done(null)
    await settle()
    expect([values(), drain.mock.calls, done.mock.calls]).toEqual([['a'], [], []])
  })

  it('calls drain first with killAndDrain', () => {
    const { queue } = held(1)
    const drain = vi.fn()
    queue.drain = drain
    queue.push('a')
    queue.push('b')
    queue.killAndDrain()
    expect(drain).toHaveBeenCalledTimes(1)
    expect(queue.drain).not.toBe(drain)
  })

  it('tells those that wait of an abort', () => {
    const { queue } = held(1)
    const handler = vi.fn()
    const done = vi.fn()
    queue.error(handler)
    queue.push('a', done)
    queue.push('b', done)
    queue.abort()
    expect(done.mock.calls).toEqual([[new Error('abort'), undefined]])
    expect(handler).toHaveBeenCalledWith(new Error('abort'), 'b')
    expect(queue.length()).toBe(0)
  })

  it('has methods that can be taken off', () => {
    const { push, running } = fastq<number>(() => {}, 1)
    push(1)
    expect(running()).toBe(1)
  })

  it('is what require gives', () => {
    const required = createRequire(import.meta.url)('../../src/compat/fastq.ts')
    expect(typeof required).toBe('function')
    expect(typeof required.promise).toBe('function')
  })
})

describe('fastq.promise', () => {
  it('gives what the worker gives, and calls it with the context', async () => {
    const context = { by: 2 }
    const queue = fastq.promise(
      context,
      async function (this: { by: number }, n: number) {
        return n * this.by
      },
      1,
    )
    expect(await queue.push(21)).toBe(42)
    expect(promise).toBe(fastq.promise)
  })

  it('rejects with the very error, and does not mind being ignored', async () => {
    const error = new Error('its own')
    const queue = fastq.promise(async (reason: unknown) => Promise.reject(reason), 1)
    void queue.push(error)
    await expect(queue.unshift(error)).rejects.toBe(error)
    await expect(queue.push(undefined)).rejects.toBeUndefined()
  })

  it('tells when it is drained, now or later', async () => {
    const gate = createGate()
    const queue = fastq.promise(() => gate, 1)
    await queue.drained()
    const log: string[] = []
    queue.drain = () => log.push('drain')
    void queue.push(1)
    void queue.push(2)
    const drained = queue.drained().then(() => log.push('drained'))
    await settle()
    expect(log).toEqual([])
    gate.open()
    await drained
    expect(log).toEqual(['drain', 'drained'])
  })

  it('rejects what waits when it is aborted', async () => {
    const queue = fastq.promise(() => createGate(), 1)
    void queue.push(1)
    const waiting = queue.push(2)
    queue.abort()
    await expect(waiting).rejects.toThrow('abort')
  })
})
