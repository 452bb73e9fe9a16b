import { AsyncLocalStorage } from 'node:async_hooks'
import { getEventListeners } from 'node:events'
import { ensure, sleep, suspend } from 'effection'
import { describe, expect, it } from 'vitest'
import { TaskCancelledError, type TaskContext, TaskManager, TaskTimeoutError } from '../../src/index.ts'
import { createGate, runVirtual, settle } from '../../src/testing.ts'
import { elapse, hearing } from './work.ts'

describe('a cancelled task', () => {
  it('has run its asynchronous cleanup when its handle settles', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start()
      const log: string[] = []
      const handle = manager.spawn(function* () {
        yield* ensure(function* () {
          yield* sleep(30)
          log.push('cleaned up')
        })
        yield* suspend()
      })
      await settle()
      handle.cancel()
      await handle.catch(() => log.push('settled'))
      expect(log).toEqual(['cleaned up', 'settled'])
    })
  })

  it('hears the reason on its signal, and its handle has it as the cause', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start()
      const reason = new Error('not needed')
      let heard: unknown
      const handle = manager.spawn(async ({ signal }: TaskContext) => {
        await new Promise(resolve => signal.addEventListener('abort', resolve))
        heard = signal.reason
        signal.throwIfAborted()
      })
      await settle()
      await handle.cancel(reason)
      expect(heard).toBe(reason)
      const error = await handle.catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(TaskCancelledError)
      expect(error).toMatchObject({ cause: reason })
    })
  })

  it('keeps a value that it had returned before', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start()
      const handle = manager.spawn(function* () {
        yield* ensure(() => sleep(30))
        return 'the value'
      })
      await settle()
      handle.cancel()
      expect(await handle).toBe('the value')
    })
  })

  it('settles after cleanupTimeout although its cleanup goes on', async () => {
    const { elapsed } = await runVirtual(async () => {
      await using manager = await TaskManager.start({ cleanupTimeout: 70 })
      const handle = manager.spawn(hearing(createGate()))
      await settle()
      await handle.cancel()
      expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: true })
    })
    expect(elapsed).toBe(70)
  })
})

describe('a deadline', () => {
  it('counts from spawn on, running time included', async () => {
    const { elapsed } = await runVirtual(async () => {
      await using manager = await TaskManager.start(1)
      manager.spawn(() => elapse(60))
      const handle = manager.spawn(hearing(Promise.resolve()), { deadline: 100 })
      await expect(handle).rejects.toBeInstanceOf(TaskTimeoutError)
    })
    expect(elapsed).toBe(100)
  })
})

describe('an ended task', () => {
  it('leaves no timer and no listener behind', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start()
      const { signal } = new AbortController()
      const { clearTimeout } = globalThis
      let cleared = 0
      globalThis.clearTimeout = timer => {
        cleared += 1
        clearTimeout(timer)
      }
      await manager.spawn(() => elapse(1), { timeout: 1_000, deadline: 2_000, signal })
      globalThis.clearTimeout = clearTimeout
      expect(cleared).toBe(2)
      expect(getEventListeners(signal, 'abort')).toEqual([])
    })
  })

  it('lets go of its work while its handle is kept', async () => {
    await using manager = await TaskManager.start()
    const spawn = () => {
      const captured = { large: new Array(1_000) }
      return { handle: manager.spawn(() => void captured.large), captured: new WeakRef(captured) }
    }
    const { handle, captured } = spawn()
    await handle
    await settle()
    globalThis.gc?.()
    expect(handle.status).toBe('done')
    expect(captured.deref()).toBeUndefined()
  })
})

describe('the body of a task', () => {
  it('starts after spawn has returned', async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start()
      let started = false
      const handle = manager.spawn(() => {
        started = true
      })
      expect(started).toBe(false)
      await handle
      expect(started).toBe(true)
    })
  })

  it("runs in the spawner's async context, not in that of the call that freed the slot", async () => {
    await runVirtual(async () => {
      await using manager = await TaskManager.start(1)
      const storage = new AsyncLocalStorage<string>()
      const gate = createGate()
      storage.run('first', () => manager.spawn(() => gate))
      const second = storage.run('second', () => manager.spawn(async () => storage.getStore()))
      await settle()
      storage.run('somebody else', () => gate.open())
      expect(await second).toBe('second')
    })
  })
})
