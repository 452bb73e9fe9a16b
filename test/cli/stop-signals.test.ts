import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StopSignals } from '../../src/cli/stop-signals.ts'
import { settle } from '../harness.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

describe('the signals that stop a command', () => {
  let others: NodeJS.SignalsListener[]
  let exit: ReturnType<typeof vi.spyOn>

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] })
    exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never)
    others = SIGNALS.flatMap(signal => process.listeners(signal))
  })
  afterEach(() => {
    for (const signal of SIGNALS) {
      for (const listener of process.listeners(signal)) if (!others.includes(listener)) process.off(signal, listener)
    }
    vi.useRealTimers()
    exit.mockRestore()
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('make it exit at once while it does not serve yet: %s', (signal, exitCode) => {
    new StopSignals({})
    process.emit(signal)
    expect(exit.mock.calls).toEqual([[exitCode]])
  })

  it('make it stop, and exit at once the second time', async () => {
    let stopped = false
    void new StopSignals({}).serving().then(() => {
      stopped = true
    })
    process.emit('SIGINT')
    await settle()
    expect({ stopped, exits: exit.mock.calls }).toEqual({ stopped: true, exits: [] })
    process.emit('SIGTERM')
    expect(exit.mock.calls).toEqual([[143]])
  })

  it('are one key press when npm passes it on', () => {
    void new StopSignals({ npm_command: 'exec' }).serving()
    process.emit('SIGINT')
    vi.advanceTimersByTime(199)
    process.emit('SIGINT')
    expect(exit).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    process.emit('SIGINT')
    expect(exit.mock.calls).toEqual([[130]])
  })
})
