import { ensure, sleep } from 'effection'
import { describe, expect, it } from 'vitest'
import { type TaskHandle, TaskManager } from '../../src/index.ts'
import { autojump } from '../harness.ts'
import { delay, failureOf } from '../work.ts'

describe('an operation that is told to stop before its scope is open', () => {
  it('is halted when its first step cancels it', async () => {
    const log: string[] = []
    const { elapsed } = await autojump(async () => {
      const manager = await TaskManager.start()
      const handle: TaskHandle<void> = manager.spawn(function* () {
        yield* ensure(function* () {
          yield* sleep(20)
          log.push('cleaned up')
        })
        handle.cancel()
        yield* sleep(500)
        log.push('went on')
      })
      await failureOf(handle)
      expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: false })
    })
    expect(log).toEqual(['cleaned up'])
    expect(elapsed).toBe(20)
  })

  it('is never begun when its function has cancelled it', async () => {
    let begun = false
    await autojump(async () => {
      const manager = await TaskManager.start()
      const handle: TaskHandle<void> = manager.spawn(() => {
        handle.cancel()
        return (function* () {
          begun = true
          yield* sleep(500)
        })()
      })
      await delay(1)
      expect(handle.status).toBe('cancelled')
      expect(manager.stats().abandoned).toBe(0)
    })
    expect(begun).toBe(false)
  })

  it('is never begun when its function has read the signal before it was cancelled', async () => {
    let begun = false
    await autojump(async () => {
      const manager = await TaskManager.start()
      const handle: TaskHandle<void> = manager.spawn(({ signal }) => {
        signal.addEventListener('abort', () => {})
        handle.cancel()
        return (function* () {
          begun = true
          yield* sleep(500)
        })()
      })
      await delay(1)
      expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: false })
    })
    expect(begun).toBe(false)
  })
})

describe('a cleanup that fails after success', () => {
  it('makes the task failed, also when it throws undefined', async () => {
    const manager = await TaskManager.start({ logger: false })
    const handle = manager.spawn(function* () {
      yield* ensure(() => {
        throw undefined
      })
    })
    await manager.drain()
    expect(handle.status).toBe('failed')
    expect(await failureOf(handle)).toBeUndefined()
  })

  it('makes the task failed, also when it throws what the body returned', async () => {
    const manager = await TaskManager.start({ logger: false })
    const error = new Error('the cleanup failed')
    const handle = manager.spawn(function* () {
      yield* ensure(() => {
        throw error
      })
      return error
    })
    await manager.drain()
    expect(handle.status).toBe('failed')
    expect(await failureOf(handle)).toBe(error)
  })
})
