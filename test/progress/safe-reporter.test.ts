import { describe, expect, it, vi } from 'vitest'
import { runReporter } from '../../src/progress/run-reporter.ts'
import type { ProgressReporter } from '../../src/progress/types.ts'
import { settle } from '../harness.ts'

function throwing(method: 'start' | 'update' | 'stop', act: () => void) {
  const heard: string[] = []
  const hear = (name: string) => () => {
    heard.push(name)
    if (name === method) return act()
  }
  return { heard, start: hear('start'), update: hear('update'), stop: hear('stop') }
}

function use(given: ProgressReporter, onError: (error: unknown) => void): void {
  const reporter = runReporter(given, onError)
  reporter?.start({ total: 2 })
  reporter?.update({ completed: 1 })
  reporter?.update({ completed: 2 })
  reporter?.stop({ completed: 2, failed: 0 })
}

const fail = () => {
  throw new Error('no bar')
}

describe('a reporter of the user', () => {
  it('hands everything on to one that works', () => {
    const [start, update, stop, onError] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()]
    use({ start, update, stop }, onError)
    expect(start).toHaveBeenCalledExactlyOnceWith({ total: 2 })
    expect(update.mock.calls).toEqual([[{ completed: 1 }], [{ completed: 2 }]])
    expect(stop).toHaveBeenCalledExactlyOnceWith({ completed: 2, failed: 0 })
    expect(onError).not.toHaveBeenCalled()
  })

  it.each([
    ['start', ['start', 'stop']],
    ['update', ['start', 'update', 'stop']],
    ['stop', ['start', 'update', 'update', 'stop']],
  ] as const)('reports what %s throws once, and then only says stop', (method, expected) => {
    const reporter = throwing(method, fail)
    const onError = vi.fn()
    use(reporter, onError)
    expect(reporter.heard).toEqual(expected)
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: 'no bar' }))
  })

  it('reports a rejection once', async () => {
    const onError = vi.fn()
    use(throwing('update', async () => fail()) as never, onError)
    await settle()
    expect(onError).toHaveBeenCalledOnce()
  })

  it('bears an onError that throws', () => {
    use(throwing('start', fail), fail)
  })
})
