import { describe, expect, it, vi } from 'vitest'
import { SafeReporter } from '../../src/progress/safe-reporter.ts'
import { settle } from '../harness.ts'

function throwing(method: 'start' | 'update' | 'stop', act: () => void) {
  const heard: string[] = []
  const hear = (name: string) => () => {
    heard.push(name)
    if (name === method) return act()
  }
  return { heard, start: hear('start'), update: hear('update'), stop: hear('stop') }
}

function use(reporter: SafeReporter): void {
  reporter.start({ total: 2 })
  reporter.update({ completed: 1 })
  reporter.update({ completed: 2 })
  reporter.stop({ completed: 2, failed: 0 })
}

const fail = () => {
  throw new Error('no bar')
}

describe('SafeReporter', () => {
  it('hands everything on to one that works', () => {
    const [start, update, stop, onError] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()]
    use(new SafeReporter({ start, update, stop }, onError))
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
    use(new SafeReporter(reporter, onError))
    expect(reporter.heard).toEqual(expected)
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: 'no bar' }))
  })

  it('reports a rejection once', async () => {
    const onError = vi.fn()
    use(new SafeReporter(throwing('update', async () => fail()) as never, onError))
    await settle()
    expect(onError).toHaveBeenCalledOnce()
  })

  it('bears an onError that throws', () => {
    use(new SafeReporter(throwing('start', fail), fail))
  })
})
