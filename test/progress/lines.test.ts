import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { progressReporter } from '../../src/progress/progress-reporter.ts'
import type { ProgressOptions, ProgressReporter } from '../../src/progress/types.ts'

let printed: string[]
const stream = {
  write(text: string) {
    printed.push(text)
  },
}

beforeEach(() => {
  printed = []
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

async function lines(options: ProgressOptions = {}, onError?: (error: unknown) => void): Promise<ProgressReporter> {
  const reporter = progressReporter({ stream, label: 'hash', ...options }, onError)
  if (reporter === undefined) throw new Error('no reporter')
  return reporter
}

describe('progress on what is no terminal', () => {
  it('is a line every two seconds and one at the end', async () => {
    const reporter = await lines()
    reporter.start({ total: 1_000 })
    for (let completed = 1; completed <= 500; completed += 1) {
      vi.advanceTimersByTime(10)
      reporter.update({ completed, failed: completed > 300 ? 3 : 0 })
    }
    reporter.stop({ completed: 500, failed: 3, cancelled: true })
    expect(printed).toEqual([
      'hash: 199/1000 (19 %), 100/s, 9 s left\n',
      'hash: 399/1000 (39 %), 100/s, 7 s left, 3 failed\n',
      'hash: 500/1000 (50 %), 3 failed, cancelled\n',
    ])
  })

  it('is as often as `interval` says', async () => {
    const reporter = await lines({ interval: 50 })
    reporter.start({ total: 10 })
    for (let completed = 1; completed <= 10; completed += 1) {
      vi.advanceTimersByTime(25)
      reporter.update({ completed })
    }
    reporter.stop({ completed: 10, failed: 0 })
    expect(printed).toHaveLength(6)
  })

  it('says nothing twice', async () => {
    const reporter = await lines({ interval: 10 })
    reporter.start({ total: 2 })
    reporter.update({ completed: 1 })
    vi.advanceTimersByTime(100)
    reporter.update({ completed: 1 })
    vi.advanceTimersByTime(100)
    reporter.update({ completed: 2 })
    vi.advanceTimersByTime(100)
    reporter.stop({ completed: 2, failed: 0 })
    expect(printed).toEqual(['hash: 1/2 (50 %)\n', 'hash: 2/2 (100 %)\n'])
  })

  it('is one line for a short run, for `clear` too', async () => {
    const reporter = await lines({ clear: true })
    reporter.start({ total: 2 })
    reporter.update({ completed: 1 })
    reporter.stop({ completed: 2, failed: 0 })
    expect(printed).toEqual(['hash: 2/2 (100 %)\n'])
  })

  it('takes the label of the run when it is given none, and has one in any case', async () => {
    for (const run of [{ label: 'a\nb' }, {}]) {
      const reporter = progressReporter({ stream })
      reporter?.start(run)
      reporter?.stop({ completed: 0, failed: 0 })
    }
    expect(printed).toEqual(['a b: 0\n', 'progress: 0\n'])
  })

  it('starts afresh with the next run', async () => {
    const reporter = await lines()
    reporter.start({ total: 2 })
    reporter.stop({ completed: 2, failed: 1 })
    reporter.update({ completed: 7 })
    reporter.stop({ completed: 7, failed: 0 })
    reporter.start({ total: 3 })
    reporter.stop({ completed: 0, failed: 0 })
    expect(printed).toEqual(['hash: 2/2 (100 %), 1 failed\n', 'hash: 0/3 (0 %)\n'])
  })

  it.each([
    ['no total', {}, { completed: 30 }, '30, 15/s'],
    ['no total and a slow run', {}, { completed: 1 }, '1, 0.5/s'],
    ['no total and nothing done', {}, { completed: 0 }, '0'],
    ['a total that nobody knows', { total: Number.POSITIVE_INFINITY }, { completed: 30 }, '30, 15/s'],
    ['no items', { total: 0 }, { completed: 0 }, '0/0 (0 %)'],
    ['a total of the update', { total: 5 }, { completed: 1, total: 10 }, '1/10 (10 %), 0.5/s, 18 s left'],
    ['more than the total', { total: 5 }, { completed: 7 }, '7/7 (100 %), 3.5/s'],
    ['nearly all', { total: 100_000 }, { completed: 99_999 }, '99999/100000 (99 %), 50000/s, 1 s left'],
    ['a share that floats', { total: 100 }, { completed: 29 }, '29/100 (29 %), 15/s, 5 s left'],
    ['minutes', { total: 700 }, { completed: 7 }, '7/700 (1 %), 3.5/s, 3 min left'],
    ['hours', { total: 20_002 }, { completed: 2 }, '2/20002 (0 %), 1.0/s, 6 h left'],
    ['a fraction', {}, { completed: 1 / 3, total: 1 }, '0.33/1 (33 %), 5 s left'],
    [
      'a message',
      { total: 2 },
      { completed: 1, message: 'a\n\x1b[31mred\x1b[0m' },
      '1/2 (50 %), 0.5/s, 2 s left, a red',
    ],
  ])('words %s', async (_, run, progress, expected) => {
    const reporter = await lines({ interval: 2_000 })
    reporter.start(run)
    reporter.update(progress)
    vi.advanceTimersByTime(2_000)
    expect(printed).toEqual([`hash: ${expected}\n`])
    reporter.stop({ completed: 0, failed: 0 })
  })

  it('calls a run of no items complete when it has ended', async () => {
    const reporter = await lines()
    reporter.start({ total: 0 })
    reporter.stop({ completed: 0, failed: 0 })
    expect(printed).toEqual(['hash: 0/0 (100 %)\n'])
  })

  it('has no timer and prints nothing before there is news', async () => {
    const reporter = await lines()
    reporter.start({ total: 1 })
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(60_000)
    expect(printed).toEqual([])
    reporter.stop({ completed: 1, failed: 0 })
  })

  it('words a million updates only when it prints', async () => {
    const format = vi.fn(({ completed }) => `${completed}`)
    const reporter = await lines({ format })
    reporter.start({})
    for (let completed = 1; completed <= 1_000_000; completed += 1) reporter.update({ completed })
    reporter.stop({ completed: 1_000_000, failed: 0 })
    expect(format).toHaveBeenCalledOnce()
    expect(printed).toEqual(['hash: 1000000\n'])
  })

  it('says what `format` says, on one line', async () => {
    const reporter = await lines({
      format: ({ completed, total, failed }) => `${completed} of ${total},\n${failed} lost`,
    })
    reporter.start({ total: 3 })
    reporter.stop({ completed: 2, failed: 1, cancelled: true })
    expect(printed).toEqual(['hash: 2 of 3, 1 lost, cancelled\n'])
  })

  it('goes on without a `format` that throws, and reports it once', async () => {
    const onError = vi.fn()
    const format = () => {
      throw new Error('no words')
    }
    const reporter = await lines({ format, interval: 10 }, onError)
    reporter.start({ total: 3 })
    reporter.update({ completed: 1 })
    vi.advanceTimersByTime(10)
    reporter.stop({ completed: 3, failed: 0 })
    expect(printed).toEqual(['hash: 1/3 (33 %)\n', 'hash: 3/3 (100 %)\n'])
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: 'no words' }))
  })

  it('bears a stream that throws', async () => {
    const broken = {
      write() {
        throw new Error('gone')
      },
    }
    const onError = vi.fn()
    const reporter = await lines({ stream: broken, interval: 10 }, onError)
    reporter.start({ total: 3 })
    reporter.update({ completed: 1 })
    vi.advanceTimersByTime(10)
    reporter.stop({ completed: 3, failed: 0 })
    expect(onError).not.toHaveBeenCalled()
  })
})
