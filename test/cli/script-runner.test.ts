import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { watchScriptRunner } from '../../src/cli/stop-signals.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('the runner of scripts', () => {
  it.each(['npm_lifecycle_event', 'NODE_RUN_SCRIPT_NAME'])(
    'is watched, told by %s, and its end heard of once',
    name => {
      const parent = vi.spyOn(process, 'ppid', 'get')
      const ended = vi.fn()
      watchScriptRunner({ [name]: 'serve' }, ended)
      vi.advanceTimersByTime(600_000)
      expect(ended).not.toHaveBeenCalled()
      parent.mockReturnValue(1)
      vi.advanceTimersByTime(600_000)
      expect(ended).toHaveBeenCalledOnce()
      expect(vi.getTimerCount()).toBe(0)
    },
  )

  it('is no other parent', () => {
    watchScriptRunner({ npm_execpath: 'npm' }, () => {})
    expect(vi.getTimerCount()).toBe(0)
  })
})
