import { describe, expect, it, vi } from 'vitest'
import { runReporter } from '../../src/progress/run-reporter.ts'

const reporter = { start() {}, update() {}, stop() {} }
const onError = (error: unknown) => {
  throw error
}

describe('the reporter of a run', () => {
  it('is none unless one is asked for', () => {
    expect(runReporter(undefined, onError)).toBeUndefined()
    expect(runReporter(false, onError)).toBeUndefined()
  })

  it('is made of true, options, a function and a reporter', () => {
    for (const progress of [true, {}, { label: 'x' }, () => {}, reporter]) {
      expect(runReporter(progress, onError)).toMatchObject({ start: expect.any(Function) })
    }
  })

  it('tells a function of each item at once', () => {
    const heard = vi.fn()
    const made = runReporter(heard, onError)
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
    runReporter(counting, onError)?.update({ completed: 1 })
    expect(counting.count).toBe(1)
  })

  it('has shown everything once its end is over, loaded late as it is', async () => {
    let written = ''
    const stream = {
      write(text: string) {
        written += text
      },
    }
    const made = runReporter({ stream, label: 'run' }, onError)
    made?.start({ total: 2 })
    made?.update({ completed: 2, total: 2 })
    await made?.stop({ completed: 2, failed: 0 })
    expect(written).toContain('run: 2/2 (100 %)')
  })
})
