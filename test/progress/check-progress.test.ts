import { describe, expect, it } from 'vitest'
import { checkProgress } from '../../src/progress/run-reporter.ts'
import type { ProgressOptions } from '../../src/progress/types.ts'

const reporter = { start() {}, update() {}, stop() {} }

describe('checkProgress', () => {
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
    const check = () => checkProgress(progress as ProgressOptions)
    expect(check).toThrow(type)
    expect(check).toThrow(message)
  })
})
