import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConnectionReport } from '../../src/connection/connection-report.ts'
import { cleanErrors } from '../../src/connection/driver-errors.ts'

const clean = cleanErrors({})

describe('trouble with a server', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())

  it('that goes on is said once, and once a minute with how often it came', () => {
    const said: string[] = []
    const report = new ConnectionReport('the queue q', (_, message) => void said.push(message))
    for (let times = 0; times < 1_000; times += 1) report.trouble(clean(new Error(`OOM command not allowed ${times}`)))
    report.trouble(clean(new Error('MISCONF Redis is configured to save')))
    expect(said).toEqual(['the queue q had trouble', 'the queue q had trouble'])
    vi.advanceTimersByTime(60_000)
    report.trouble(clean(new Error('OOM command not allowed')))
    report.trouble(clean(new Error('OOM command not allowed')))
    expect(said.slice(2)).toEqual(['the queue q had trouble (and 999 times more since this was last said)'])
  })

  it('is not forgotten for what is new each time', () => {
    let said = 0
    const report = new ConnectionReport('the queue q', () => {
      said += 1
    })
    for (let times = 0; times < 1_000; times += 1) report.trouble(new Error(`job ${times} is wrong`))
    expect(said).toBeLessThanOrEqual(1)
  })
})
