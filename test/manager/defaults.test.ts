import { describe, expect, it } from 'vitest'
import { limits, resourceLimit, TaskManager, TaskRunner } from '../../src/index.ts'
import { runVirtual } from '../../src/testing.ts'

const never = () => new Promise<never>(() => {})

function failing(times: number) {
  let calls = 0
  return () => {
    calls += 1
    if (calls <= times) throw new Error(`call ${calls}`)
    return calls
  }
}

const starts = [
  ['a manager', async (defaults: object) => TaskManager.start({ defaults })],
  ['a runner', async (defaults: object) => (await TaskRunner.start({ defaults })).manager],
] as const

describe.each(starts)('the defaults of %s', (_, start) => {
  it('hold where the task says nothing, with options or without', async () => {
    const manager = await start({ retry: { retries: 2, wait: 0 } })
    expect(await manager.spawn(failing(2))).toBe(3)
    expect(await manager.spawn(failing(2), { priority: 1, retry: undefined } as object)).toBe(3)
    expect(await manager.map([1], failing(2), { ordered: true }).toArray()).toEqual([3])
  })

  it('give way to what the task says', async () => {
    const manager = await start({ retry: 5, timeout: 1 })
    await expect(manager.spawn(failing(1), { retry: 0 })).rejects.toThrow('call 1')
    expect(
      await manager.spawn(() => new Promise(resolve => setTimeout(resolve, 10, 'late')), { timeout: Infinity }),
    ).toBe('late')
  })

  it('time out', async () => {
    const { value, elapsed } = await runVirtual(async () => {
      const manager = await start({ timeout: 500 })
      return await manager.spawn(never, { name: 'slow' }).catch(error => error.code)
    })
    expect([value, elapsed]).toEqual(['ERR_TASK_TIMEOUT', 500])
  })

  it('limit, by amounts of the task, unless it has limits of its own', async () => {
    const connections = resourceLimit({ key: 'connections', capacity: 2 })
    const manager = await start({ limits: connections })
    const used = () => connections.stats().used
    expect(await manager.spawn(used)).toBe(1)
    expect(await manager.spawn(used, { cost: { connections: 2 } })).toBe(2)
    const other = limits([resourceLimit({ key: 'other', capacity: 1 })])
    expect(await manager.spawn(used, { limits: other, cost: { other: 1 } })).toBe(0)
  })

  it('are checked at the start', async () => {
    await expect(start({ timeout: -1 })).rejects.toThrow(RangeError)
    await expect(start({ retry: { retries: 'x' } })).rejects.toThrow(TypeError)
    await expect(start({ limits: {} })).rejects.toThrow(TypeError)
    await expect(start({ priority: 1 })).rejects.toThrow('"defaults.priority" must be a known option')
  })
})

describe('the defaults of a runner', () => {
  it('stand behind what a task class says', async () => {
    const runner = await TaskRunner.start({ defaults: { retry: { retries: 2, wait: 0 } } })
    const task = { name: 'task', type: 'type', run: failing(2) }
    expect(await runner.submit({ ...task, run: failing(2) })).toBe(3)
    await expect(runner.submit({ ...task, run: failing(2), retry: 0 })).rejects.toThrow('call 1')
  })
})

describe('handles', () => {
  it('are those of the tasks that have not ended, in the order in which they were spawned', async () => {
    const manager = await TaskManager.start(1)
    const ended = manager.spawn(() => 'ended')
    const running = manager.spawn(({ signal }) => new Promise((_, reject) => (signal.onabort = reject)))
    const pending = manager.spawn(() => 'never')
    await ended
    expect(manager.handles().length).toBe(2)
    expect(manager.handles()[0] === running && manager.handles()[1] === pending).toBe(true)
    await manager.cancelAll()
    expect(manager.handles()).toEqual([])
  })

  it('of which a failure is still unobserved when they were only listed', async () => {
    const seen: unknown[] = []
    const manager = await TaskManager.start({ onError: error => seen.push(error) })
    manager.spawn(() => {
      throw 'unseen'
    })
    manager.handles()
    await manager.drain()
    expect(seen).toEqual(['unseen'])
  })
})
