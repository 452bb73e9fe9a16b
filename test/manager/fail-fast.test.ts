import { describe, expect, it } from 'vitest'
import { TaskGroupError, TaskManager, type TaskManagerOptions } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, failureOf, forever, untilAborted } from '../work.ts'
import { within as withManager } from './within.ts'

const within = (options: TaskManagerOptions, body: (manager: TaskManager) => Promise<void>) =>
  withManager({ failFast: true, ...options }, body)

describe('without failFast', () => {
  it('a failure touches nobody else, and drain and disposing resolve', async () => {
    await within({ failFast: false }, async manager => {
      const other = manager.spawn(() => delay(20, 'other'))
      manager.spawn(() => Promise.reject('no'))
      await manager.drain()
      expect(other.result()).toBe('other')
      await manager[Symbol.asyncDispose]()
    })
  })
})

describe('failFast', () => {
  it('cancels the rest, running and pending, with the failure for a reason', async () => {
    await within({ maxTasks: 2 }, async manager => {
      const running = manager.spawn(({ signal }) => untilAborted(signal, 30))
      const failing = manager.spawn(() => delay(10).then(() => Promise.reject('broken')))
      const pending = manager.spawn(forever)
      await failureOf(failing)
      expect([running.status, pending.status]).toEqual(['stopping', 'cancelled'])
      await failureOf(running)
      for (const task of [running, pending]) expect(task.record().cancelReason).toBe('broken')
      await failureOf(manager.drain())
    })
  })

  it('lets drain reject with all failures, the first one as the cause', async () => {
    await within({}, async manager => {
      const [first, second] = [new Error('first'), new Error('second')]
      manager.spawn(() => delay(10).then(() => Promise.reject(first)))
      manager.spawn(({ signal }) => untilAborted(signal).catch(() => Promise.reject(second)))
      const error = await failureOf(manager.drain())
      expect(error).toBeInstanceOf(TaskGroupError)
      expect(error).toMatchObject({ code: 'ERR_TASK_GROUP', cause: first, errors: [first, second] })
    })
  })

  it('waits in drain until the rest has stopped', async () => {
    const elapsed = await within({}, async manager => {
      manager.spawn(() => Promise.reject('no'))
      manager.spawn(({ signal }) => untilAborted(signal, 80))
      await failureOf(manager.drain())
      expect(manager.stats()).toMatchObject({ failed: 1, cancelled: 1, stopping: 0 })
    })
    expect(elapsed).toBe(80)
  })

  it('counts a failure that was looked at too', async () => {
    await within({}, async manager => {
      await failureOf(manager.spawn(() => Promise.reject('no')))
      expect(await failureOf(manager.drain())).toBeInstanceOf(TaskGroupError)
    })
  })

  it('counts a timeout, but no cancel', async () => {
    await within({}, async manager => {
      await manager.spawn(forever).cancel()
      await manager.drain()
      manager.spawn(forever, { timeout: 10 })
      expect(await failureOf(manager.drain())).toMatchObject({ errors: [{ code: 'ERR_TASK_TIMEOUT' }] })
    })
  })

  it('delivers the error once: after a drain it works on as if nothing had failed', async () => {
    await within({}, async manager => {
      manager.spawn(() => Promise.reject('no'))
      expect(await failureOf(manager.drain())).toBeInstanceOf(TaskGroupError)
      expect(await manager.spawn(() => 'next')).toBe('next')
      await manager.drain()
      await manager[Symbol.asyncDispose]()
    })
  })

  it('cancels what is spawned before the error is delivered', async () => {
    await within({}, async manager => {
      await failureOf(manager.spawn(() => Promise.reject('no')))
      let called = false
      const late = manager.spawn(() => {
        called = true
      })
      expect(late.record()).toMatchObject({ status: 'cancelled', cancelReason: 'no' })
      await failureOf(manager.drain())
      expect(called).toBe(false)
    })
  })

  it('tells onError nothing that drain throws', async () => {
    const told: unknown[] = []
    await within({ onError: error => told.push(error) }, async manager => {
      manager.spawn(() => Promise.reject('no'))
      await failureOf(manager.drain())
      await settle()
    })
    expect(told).toEqual([])
  })
})

describe('failFast with disposing', () => {
  it('rejects with the error where no drain has delivered it', async () => {
    await within({}, async () => {
      const scope = async () => {
        await using manager = await TaskManager.start({ failFast: true })
        manager.spawn(() => Promise.reject('no'))
      }
      const error = await failureOf(scope())
      expect(error).toBeInstanceOf(TaskGroupError)
      expect(error).toMatchObject({ errors: ['no'] })
    })
  })

  it('resolves where a drain has', async () => {
    await within({}, async () => {
      const scope = async () => {
        await using manager = await TaskManager.start({ failFast: true })
        manager.spawn(() => Promise.reject('no'))
        await failureOf(manager.drain())
        return 'left'
      }
      expect(await scope()).toBe('left')
    })
  })
})

describe('failFast with close', () => {
  it('never rejects', async () => {
    await within({}, async manager => {
      manager.spawn(() => Promise.reject('no'))
      manager.spawn(({ signal }) => untilAborted(signal))
      await settle()
      expect(await manager.close()).toMatchObject({ failed: 1, cancelled: 1 })
    })
  })

  it('reports a failure that nobody observed once, however often it is closed', async () => {
    const reported: unknown[] = []
    await within({ onError: error => reported.push(error) }, async manager => {
      manager.spawn(() => Promise.reject('broken'))
      await settle()
      await Promise.all([manager.close(), manager.close()])
      await manager.close()
      await settle()
    })
    expect(reported).toEqual(['broken'])
  })
})
