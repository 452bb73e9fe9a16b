import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { displayFor, progressReporter } from '../../src/progress/progress-reporter.ts'
import type { ProgressOptions } from '../../src/progress/types.ts'

beforeEach(() => {
  vi.stubEnv('NO_PROGRESS', '')
})

afterEach(() => {
  vi.unstubAllEnvs()
})

const reporter = { start() {}, update() {}, stop() {} }

describe('progressReporter', () => {
  it('makes none unless it is asked for one', () => {
    expect(progressReporter(undefined)).toBeUndefined()
    expect(progressReporter(false)).toBeUndefined()
  })

  it('makes one of true, options, a function and a reporter', () => {
    for (const progress of [true, {}, { label: 'x' }, () => {}, reporter]) {
      expect(progressReporter(progress)).toMatchObject({ start: expect.any(Function) })
    }
  })

  it('makes none that the user would see under NO_PROGRESS', () => {
    vi.stubEnv('NO_PROGRESS', '1')
    expect(progressReporter(true)).toBeUndefined()
    expect(progressReporter({ label: 'x' })).toBeUndefined()
    expect(progressReporter(reporter)).toBeDefined()
    expect(() => progressReporter({ interval: 0 })).toThrow(RangeError)
  })

  it('tells a function of each item', () => {
    const heard = vi.fn()
    const made = progressReporter(heard)
    made?.start({ total: 1 })
    made?.update({ completed: 1, total: 1 })
    made?.stop({ completed: 1, failed: 0 })
    expect(heard).toHaveBeenCalledExactlyOnceWith({ completed: 1, total: 1 })
  })

  it('keeps the reporter as the receiver of its methods', () => {
    const counting = {
      count: 0,
      start() {},
      update() {
        this.count += 1
      },
      stop() {},
    }
    progressReporter(counting)?.update({ completed: 1 })
    expect(counting.count).toBe(1)
  })

  it.each([
    ['a string', 'yes', TypeError, /^progress must be an object, got "yes"$/],
    ['null', null, TypeError, /^progress must be an object, got null$/],
    ['an array', [], TypeError, /^progress must be an object, got an array$/],
    ['half a reporter', { update() {} }, TypeError, /^progress.start must be a function, got undefined$/],
    ['a reporter without an end', { ...reporter, stop: undefined }, TypeError, /^progress.stop must be a function/],
    ['a label', { label: 1 }, TypeError, /^progress.label must be a string, got 1$/],
    ['an interval', { interval: '1' }, TypeError, /^progress.interval must be a positive, finite number/],
    ['an interval', { interval: 0 }, RangeError, /^progress.interval must be a positive, finite number/],
    ['clear', { clear: 1 }, TypeError, /^progress.clear must be true or false/],
    ['a format', { format: '{bar}' }, TypeError, /^progress.format must be a function/],
    ['a stream', { stream: {} }, TypeError, /^progress.stream must be a stream that can be written to, got an object$/],
    ['a stream', { stream: null }, TypeError, /^progress.stream must be .*, got null$/],
  ])('refuses %s that is none: %j', (_, progress, type, message) => {
    const make = () => progressReporter(progress as ProgressOptions)
    expect(make).toThrow(type)
    expect(make).toThrow(message)
  })

  it('is nothing where there is no stderr, or none that can be read', () => {
    const stderr = Object.getOwnPropertyDescriptor(process, 'stderr') as PropertyDescriptor
    const unreadable = () => {
      throw new Error('no console')
    }
    try {
      for (const none of [{ value: undefined }, { value: {} }, { get: unreadable }]) {
        Object.defineProperty(process, 'stderr', { configurable: true, ...none })
        expect(progressReporter(true)).toBeUndefined()
        expect(progressReporter({ label: 'hash' })).toBeUndefined()
      }
    } finally {
      Object.defineProperty(process, 'stderr', stderr)
    }
  })
})

const terminal = { write() {}, isTTY: true, columns: 80 }
const pipe = { write() {} }

describe('displayFor', () => {
  it.each([
    ['a terminal', terminal, {}, 'bar'],
    ['a terminal that does not know its width', { ...terminal, columns: 0 }, { TERM: 'xterm' }, 'bar'],
    ['a pipe', pipe, {}, 'lines'],
    ['a terminal that can only print', terminal, { TERM: 'dumb' }, 'lines'],
    ['the terminal of a build server', terminal, { CI: 'true' }, 'lines'],
    ['a terminal with CI=false', terminal, { CI: 'false' }, 'bar'],
    ['a terminal with CI=0', terminal, { CI: '0' }, 'bar'],
    ['a terminal with an empty CI', terminal, { CI: '' }, 'bar'],
    ['a terminal without colours', terminal, { NO_COLOR: '1' }, 'bar'],
    ['a pipe with colours', pipe, { FORCE_COLOR: '1' }, 'lines'],
    ['a terminal whose user wants none', terminal, { NO_PROGRESS: '1' }, 'none'],
    ['a pipe whose user wants none', pipe, { NO_PROGRESS: '1' }, 'none'],
    ['a terminal with an empty NO_PROGRESS', terminal, { NO_PROGRESS: '' }, 'bar'],
  ])('chooses for %s', (_, stream, environment, expected) => {
    expect(displayFor(stream, environment)).toBe(expected)
  })
})
