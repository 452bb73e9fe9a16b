import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { progressReporter } from '../../src/progress/progress-reporter.ts'
import { width } from '../../src/progress/text.ts'
import type { ProgressOptions, ProgressReporter } from '../../src/progress/types.ts'
import { settle } from '../harness.ts'
import { Terminal } from './terminal.ts'

let terminal: Terminal

beforeEach(() => {
  vi.stubEnv('CI', '')
  vi.stubEnv('TERM', 'xterm')
  vi.stubEnv('NO_PROGRESS', '')
  terminal = new Terminal()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})

afterEach(() => {
  expect(Object.hasOwn(terminal, 'write')).toBe(false)
  expect(vi.getTimerCount()).toBe(0)
  expect(terminal).toMatchObject({ wraps: true, cursorVisible: true, column: 0 })
  vi.useRealTimers()
  vi.unstubAllEnvs()
})

async function bar(label: string, options: ProgressOptions = {}): Promise<ProgressReporter> {
  const reporter = progressReporter({ stream: terminal, label, ...options })
  if (reporter === undefined) throw new Error('no reporter')
  return reporter
}

function shown(): string[] {
  vi.advanceTimersByTime(100)
  return terminal.text.split('\n')
}

const ENDED = { completed: 0, failed: 0 }

describe('progress on a terminal', () => {
  it('is a bar that fills', async () => {
    const reporter = await bar('hash')
    reporter.start({ total: 4 })
    expect(terminal.text).toBe('hash [------------------------]   0% 0/4')
    reporter.update({ completed: 1, message: 'a.txt' })
    expect(shown()).toEqual(['hash [======------------------]  25% 1/4, a.txt'])
    reporter.update({ completed: 3, failed: 1 })
    expect(shown()).toEqual(['hash [==================------]  75% 3/4, 1 failed'])
    reporter.stop({ completed: 4, failed: 1 })
    expect(terminal.text).toBe('hash [========================] 100% 4/4, 1 failed')
  })

  it('is drawn ten times a second at most, whatever is reported', async () => {
    const reporter = await bar('hash')
    reporter.start({ total: 100_000 })
    const before = terminal.writes
    for (let completed = 1; completed <= 100_000; completed += 1) {
      if (completed % 100 === 0) vi.advanceTimersByTime(1)
      reporter.update({ completed })
    }
    expect(terminal.writes - before).toBeLessThanOrEqual(10)
    expect(terminal.writes - before).toBeGreaterThanOrEqual(9)
    reporter.stop({ completed: 100_000, failed: 0 })
  })

  it('is a count and a rate when the total is not known', async () => {
    const reporter = await bar('hash')
    reporter.start({})
    vi.advanceTimersByTime(900)
    reporter.update({ completed: 50, message: 'x' })
    vi.advanceTimersByTime(100)
    expect(shown()[0]).toMatch(/^hash 50, \d\d\/s, x$/)
    reporter.update({ completed: 51, total: 102 })
    expect(shown()).toEqual(['hash [============------------]  50% 51/102, 46/s, 2 s left'])
    reporter.stop({ completed: 60, failed: 0 })
  })

  it('grows with its total', async () => {
    const reporter = await bar('hash')
    reporter.start({ total: 0 })
    expect(shown()).toEqual(['hash [------------------------]   0% 0/0'])
    reporter.update({ completed: 1, total: 2 })
    expect(shown()).toEqual(['hash [============------------]  50% 1/2'])
    reporter.update({ completed: 1, total: 4 })
    expect(shown()).toEqual(['hash [======------------------]  25% 1/4'])
    reporter.stop({ completed: 4, failed: 0 })
  })

  it('leaves nothing behind with `clear`, after its last state was seen', async () => {
    const reporter = await bar('hash', { clear: true })
    reporter.start({ total: 2 })
    reporter.update({ completed: 1 })
    reporter.stop({ completed: 2, failed: 0 })
    expect(terminal.raw).toContain('hash [========================] 100% 2/2')
    expect(terminal.text).toBe('')
  })

  it('fits into any width, and follows when it changes', async () => {
    terminal = new Terminal(120)
    const reporter = await bar('a long label, and longer still 日本語日本語')
    reporter.start({ total: 1_000 })
    for (let columns = 120; columns >= 1; columns -= 1) {
      terminal.columns = columns
      reporter.update({ completed: 120 - columns, message: 'a very long message '.repeat(10) })
      const rows = shown()
      expect(rows).toHaveLength(1)
      expect(width(rows[0] ?? '')).toBeLessThan(columns)
      if (columns > 30) expect(rows[0]).toMatch(/ {2}\d%| 1[01]%/)
      if (columns > 60) expect(rows[0]).toMatch(/\[=*-+\]/)
      expect(rows[0]).not.toMatch(/\[[=-]{0,4}\]/)
    }
    terminal.columns = 80
    reporter.stop({ completed: 1_000, failed: 0 })
    expect(terminal.text).toContain('100%')
  })

  it('takes a terminal that does not know its size for one of 80 columns', async () => {
    terminal.columns = 0
    terminal.rows = 0
    const reporter = await bar('x'.repeat(1_000))
    reporter.start({ total: 1 })
    const [row = ''] = shown()
    expect(row).toHaveLength(26 + 1 + 26 + 1 + 8)
    reporter.stop({ completed: 1, failed: 0 })
  })

  it('keeps to one row whatever label and message hold', async () => {
    const reporter = await bar('a\nb\x1b[2J\x1b[10;10H')
    reporter.start({ total: 1 })
    reporter.update({ completed: 0, message: 'c\r\n\x1b[5A-d\x07\x1b]0;title\x07' })
    expect(shown()).toEqual(['a b [------------------------]   0% 0/1, c -d'])
    reporter.stop(ENDED)
  })

  it('is silent about updates before the start and after the end', async () => {
    const reporter = await bar('hash')
    reporter.update({ completed: 1 })
    reporter.stop(ENDED)
    expect(terminal.raw).toBe('')
    reporter.start({ total: 1 })
    reporter.stop({ completed: 1, failed: 0 })
    const { raw } = terminal
    reporter.update({ completed: 1 })
    reporter.stop(ENDED)
    vi.advanceTimersByTime(1_000)
    expect(terminal.raw).toBe(raw)
  })
})

describe('several bars', () => {
  it('share the terminal; one that ends moves up and stays', async () => {
    const [a, b, c] = await Promise.all([bar('a'), bar('b'), bar('c', { clear: true })])
    a.start({ total: 2 })
    b.start({ total: 4 })
    c.start({ total: 4 })
    b.update({ completed: 2 })
    expect(shown()).toEqual([
      'a [------------------------]   0% 0/2',
      'b [============------------]  50% 2/4',
      'c [------------------------]   0% 0/4',
    ])
    b.stop({ completed: 2, failed: 2 })
    expect(shown()).toEqual([
      'b [============------------]  50% 2/4, 2 failed',
      'a [------------------------]   0% 0/2',
      'c [------------------------]   0% 0/4',
    ])
    c.stop({ completed: 4, failed: 0 })
    a.update({ completed: 1 })
    expect(shown()).toEqual([
      'b [============------------]  50% 2/4, 2 failed',
      'a [============------------]  50% 1/2',
    ])
    a.stop({ completed: 2, failed: 0 })
    expect(shown()).toEqual([
      'b [============------------]  50% 2/4, 2 failed',
      'a [========================] 100% 2/2',
    ])
  })

  it('are drawn as far as the terminal has room', async () => {
    terminal = new Terminal(80, 4)
    const bars = await Promise.all(Array.from({ length: 6 }, (_, index) => bar(`bar ${index}`)))
    for (const each of bars) each.start({ total: 1 })
    expect(shown()).toEqual([
      'bar 0 [------------------------]   0% 0/1',
      'bar 1 [------------------------]   0% 0/1',
      '… and 4 more',
    ])
    for (const each of bars.slice(0, 3)) each.stop({ completed: 1, failed: 0 })
    expect(shown()).toEqual([
      ...[0, 1, 2].map(index => `bar ${index} [========================] 100% 1/1`),
      ...[3, 4, 5].map(index => `bar ${index} [------------------------]   0% 0/1`),
    ])
    for (const each of bars.slice(3)) each.stop({ completed: 1, failed: 0 })
    expect(shown()).toEqual(bars.map((_, index) => `bar ${index} [========================] 100% 1/1`))
  })

  it('are drawn when a terminal does not know its height, and fewer when it shrinks', async () => {
    terminal.rows = 0
    const bars = await Promise.all([bar('a'), bar('b'), bar('c')])
    for (const each of bars) each.start({ total: 1 })
    expect(shown()).toHaveLength(3)
    terminal.rows = 3
    bars[0]?.update({ completed: 0 })
    expect(shown().map(row => row.slice(0, 5))).toEqual(['a [--', '… and'])
    for (const each of bars) each.stop(ENDED)
  })

  it('may come and go by the hundred', async () => {
    for (let round = 0; round < 100; round += 1) {
      const reporter = await bar(`bar ${round}`)
      reporter.start({ total: 1 })
      reporter.stop({ completed: 1, failed: 0 })
    }
    expect(terminal.text.split('\n')).toHaveLength(100)
  })
})

describe('what the program prints', () => {
  it('goes above the bars', async () => {
    const [a, b] = await Promise.all([bar('a'), bar('b')])
    a.start({ total: 1 })
    b.start({ total: 1 })
    terminal.write('one\n')
    terminal.write('two\n')
    expect(terminal.text).toBe('one\ntwo')
    await settle()
    const rows = ['one', 'two', 'a [------------------------]   0% 0/1', 'b [------------------------]   0% 0/1']
    expect(terminal.text.split('\n')).toEqual(rows)
    terminal.write(`${'long '.repeat(40)}\n`)
    await settle()
    expect(terminal.text.split('\n')).toEqual([
      'one',
      'two',
      ...terminal.text.split('\n').slice(2, 5),
      ...rows.slice(2),
    ])
    b.stop(ENDED)
    a.stop(ENDED)
  })

  it('is given room while a line is not finished', async () => {
    const reporter = await bar('a')
    reporter.start({ total: 2 })
    terminal.write('Continue? [y/n] ')
    await settle()
    reporter.update({ completed: 1 })
    expect(shown()).toEqual(['Continue? [y/n]'])
    terminal.write('y\n')
    await settle()
    expect(shown()).toEqual(['Continue? [y/n] y', 'a [============------------]  50% 1/2'])
    terminal.write('Sure? ')
    reporter.stop({ completed: 2, failed: 0 })
    expect(shown().slice(1)).toEqual(['Sure?', 'a [========================] 100% 2/2'])
  })

  it('keeps no bar that came or went while a line was not finished', async () => {
    const [a, b, c] = await Promise.all([bar('a'), bar('b', { clear: true }), bar('c')])
    a.start({ total: 1 })
    b.start({ total: 1 })
    terminal.write('Continue? ')
    b.stop(ENDED)
    c.start({ total: 1 })
    terminal.write('\n')
    await settle()
    const rows = ['a [------------------------]   0% 0/1', 'c [------------------------]   0% 0/1']
    expect(terminal.text.split('\n')).toEqual(['Continue?', ...rows])
    a.stop(ENDED)
    c.stop(ENDED)
  })

  it('may come from `format`, which is not called again for it', async () => {
    let calls = 0
    const format = () => {
      calls += 1
      terminal.write(`called ${calls}\n`)
      return 'in between'
    }
    const reporter = await bar('a', { format })
    reporter.start({ total: 1 })
    for (let turn = 0; turn < 3; turn += 1) await settle()
    expect(terminal.text.split('\n')).toEqual(['called 1', 'a [------------------------]   0% in between'])
    reporter.stop(ENDED)
  })

  it('makes one redraw for many lines in a row', async () => {
    const reporter = await bar('a')
    reporter.start({ total: 1 })
    const before = terminal.writes
    for (let line = 0; line < 1_000; line += 1) terminal.write(`${line}\n`)
    await settle()
    // One to make room, and one to draw again.
    expect(terminal.writes - before).toBe(1_002)
    reporter.stop(ENDED)
  })
})
