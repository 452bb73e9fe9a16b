import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { displayFor, progressReporter } from '../../src/progress/progress-reporter.ts'

beforeEach(() => {
  vi.stubEnv('NO_PROGRESS', '')
})

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('progressReporter', () => {
  it('makes none that the user would see under NO_PROGRESS', async () => {
    expect(progressReporter({})).toBeDefined()
    vi.stubEnv('NO_PROGRESS', '1')
    expect(progressReporter({})).toBeUndefined()
    expect(progressReporter({ label: 'x' })).toBeUndefined()
  })

  it('is nothing where there is no stderr, or none that can be read', async () => {
    const stderr = Object.getOwnPropertyDescriptor(process, 'stderr') as PropertyDescriptor
    const unreadable = () => {
      throw new Error('no console')
    }
    try {
      for (const none of [{ value: undefined }, { value: {} }, { get: unreadable }]) {
        Object.defineProperty(process, 'stderr', { configurable: true, ...none })
        expect(progressReporter({})).toBeUndefined()
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
