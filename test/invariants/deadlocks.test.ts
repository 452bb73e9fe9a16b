import { until } from 'effection'
import { describe, expect, it } from 'vitest'
import { DeadlockError, gather, type TaskHandle, TaskManager } from '../../src/index.ts'
import { runVirtual, settle } from '../../src/testing.ts'
import { elapse } from './work.ts'

type Wait = (handle: TaskHandle<unknown>) => unknown

/** Every way in which the body of a task waits for a handle and for nothing else. */
const ways: Record<string, Wait> = {
  await: async handle => await handle,
  wait: handle => handle.wait(),
  'yield*': function* (handle) {
    return yield* handle
  },
  gather: handle => gather([handle]),
  'returning it': handle => handle,
}

/** Runs with a manager; a hang is an error that the virtual clock names. */
async function within(maxTasks: number, body: (manager: TaskManager) => Promise<void>): Promise<void> {
  await runVirtual(async () => {
    const manager = await TaskManager.start({ maxTasks, logger: false })
    await body(manager)
    await manager.drain().catch(() => {})
    await manager.close()
  })
}

/** What the handle came to. */
const outcome = (handle: TaskHandle<unknown>) => handle.catch(error => error)

const combinators: Record<string, Wait> = {
  'Promise.all': async handle => await Promise.all([handle]),
  'Promise.allSettled': async handle => {
    const [result] = await Promise.allSettled([handle])
    if (result.status === 'rejected') throw result.reason
    return result.value
  },
  'Promise.race': async handle => await Promise.race([handle]),
}

/** Which look like listening, or end by themselves, but for the task's own handle. */
const waysToSelf: Record<string, Wait> = {
  ...ways,
  ...combinators,
  'wait with a timeout': handle => handle.wait({ timeout: 60_000 }),
  'until in an operation': function* (handle) {
    return yield* until(handle)
  },
}

describe('invariant 14: a task that waits for itself fails', () => {
  it.each(Object.entries(waysToSelf))('by %s', async (_, wait) => {
    await within(2, async manager => {
      const handle: TaskHandle<unknown> = manager.spawn(() => wait(handle))
      expect(await outcome(handle)).toBeInstanceOf(DeadlockError)
    })
  })

  it('by then, after an await too', async () => {
    await within(2, async manager => {
      const handle: TaskHandle<unknown> = manager.spawn(async () => {
        await elapse(5)
        return await new Promise((resolve, reject) => handle.then(resolve, reject))
      })
      expect(await outcome(handle)).toBeInstanceOf(DeadlockError)
    })
  })

  it('by drain, at once and after a wait, in a promise and in an operation', async () => {
    await within(4, async manager => {
      const handles = [
        manager.spawn(() => manager.drain()),
        manager.spawn(() => elapse(5).then(() => manager.drain())),
        manager.spawn(function* () {
          yield* until(elapse(5))
          yield* until(manager.drain())
        }),
      ]
      for (const handle of handles) expect(await outcome(handle)).toBeInstanceOf(DeadlockError)
    })
  })

  it('by drain of the outer manager from within a task of an inner one that it waits for', async () => {
    await within(1, async outer => {
      const handle = outer.spawn(async () => {
        const inner = await TaskManager.start({ logger: false })
        await inner.spawn(() => outer.drain())
      })
      expect(await outcome(handle)).toBeInstanceOf(DeadlockError)
    })
  })

  it('but may close its manager and wait for that', async () => {
    await within(2, async manager => {
      const handle = manager.spawn(() => manager.close().then(() => 'closed'))
      expect(await handle).toBe('closed')
    })
  })
})

describe('invariant 14: a cycle fails instead of hanging', () => {
  it.each(Object.entries({ ...ways, ...combinators }))(
    'of two and of three tasks that wait for each other, by %s',
    async (_, wait) => {
      for (const size of [2, 3]) {
        await within(size, async manager => {
          const handles: TaskHandle<unknown>[] = Array.from({ length: size }, (_, i) =>
            manager.spawn(() => wait(handles[(i + 1) % size] as TaskHandle<unknown>)),
          )
          const outcomes = await Promise.all(handles.map(outcome))
          expect(outcomes.find(each => each instanceof DeadlockError)).toBeDefined()
        })
      }
    },
  )

  it('across two managers', async () => {
    await within(1, async one => {
      const two = await TaskManager.start({ logger: false })
      const first: TaskHandle<unknown> = one.spawn(async () => await second)
      const second: TaskHandle<unknown> = two.spawn(async () => await first)
      expect(await outcome(first)).toBeInstanceOf(DeadlockError)
      expect(await outcome(second)).toBeInstanceOf(DeadlockError)
    })
  })

  it('closed by a task that waits later', async () => {
    await within(2, async manager => {
      const first: TaskHandle<unknown> = manager.spawn(async () => await second)
      const second: TaskHandle<unknown> = manager.spawn(async () => {
        await elapse(50)
        return await first
      })
      expect(await outcome(second)).toBeInstanceOf(DeadlockError)
    })
  })
})

describe('invariant 14: waiting for a task that can get no slot fails', () => {
  it.each(Object.entries({ ...ways, ...combinators }))('on one slot, by %s', async (_, wait) => {
    await within(1, async manager => {
      const parent = manager.spawn(() => wait(manager.spawn(() => 'child')))
      expect(await outcome(parent)).toBeInstanceOf(DeadlockError)
    })
  })

  it('by a map in the manager that the task runs in', async () => {
    for (const ordered of [true, false]) {
      await within(1, async manager => {
        const parent = manager.spawn(() => manager.map([1, 2, 3], item => item, { ordered }).toArray())
        expect(await outcome(parent)).toBeInstanceOf(DeadlockError)
      })
    }
  })

  it.each(Object.entries({ ...ways, ...combinators }))(
    'when all slots are held by parents that wait, by %s',
    async (_, wait) => {
      for (const slots of [2, 3, 5]) {
        await within(slots, async manager => {
          const parents = Array.from({ length: slots }, () => manager.spawn(() => wait(manager.spawn(() => 'child'))))
          const outcomes = await Promise.all(parents.map(outcome))
          expect(outcomes.filter(each => each instanceof DeadlockError)).toHaveLength(1)
          expect(outcomes.flat().filter(each => each === 'child')).toHaveLength(slots - 1)
        })
      }
    },
  )

  it('also when the last of the parents begins to wait much later', async () => {
    await within(2, async manager => {
      const [soon, late] = [1, 50].map(delay =>
        manager.spawn(async () => {
          await elapse(delay)
          return await manager.spawn(() => 'child')
        }),
      ) as [TaskHandle<string>, TaskHandle<string>]
      expect(await outcome(late)).toBeInstanceOf(DeadlockError)
      expect(await soon).toBe('child')
    })
  })

  it('names both tasks and the remedy', async () => {
    await within(1, async manager => {
      const parent = manager.spawn(async () => await manager.spawn(() => {}, { name: 'inner' }), { name: 'outer' })
      const error = (await outcome(parent)) as Error
      expect(error.message).toContain('"outer"')
      expect(error.message).toContain('"inner"')
      expect(error.message).toContain('Raise maxTasks')
    })
  })
})

describe('invariant 14: no false alarm', () => {
  it('for a task that only listens to another', async () => {
    await within(1, async manager => {
      const heard: unknown[] = []
      const parent = manager.spawn(() => {
        const child = manager.spawn(() => 'child')
        child.then(value => heard.push(value))
        child.catch(() => {})
        child.finally(() => heard.push('finally'))
        return 'parent'
      })
      expect(await parent).toBe('parent')
      await manager.drain()
      await settle()
      expect(heard).toEqual(['child', 'finally'])
    })
  })

  it('for children that nobody waits for', async () => {
    await within(1, async manager => {
      const ended: number[] = []
      const parent = manager.spawn(() => {
        for (let i = 0; i < 3; i += 1) manager.spawn(() => ended.push(i))
      })
      await parent
      await manager.drain()
      expect(ended).toEqual([0, 1, 2])
    })
  })

  it.each(Object.entries({ ...ways, ...combinators }))('for waiting while a slot is free, by %s', async (_, wait) => {
    await within(2, async manager => {
      const parent = manager.spawn(() => wait(manager.spawn(() => elapse(5))))
      await parent
    })
  })

  it('for waiting for a task that runs on the other slot while others are pending', async () => {
    await within(2, async manager => {
      const running = manager.spawn(() => elapse(20))
      const parent = manager.spawn(async () => await running)
      for (let i = 0; i < 3; i += 1) manager.spawn(() => {})
      await parent
    })
  })

  it('for a pending child that another task will make room for', async () => {
    await within(2, async manager => {
      const parent = manager.spawn(async () => await manager.spawn(() => 'child'))
      manager.spawn(() => elapse(20))
      expect(await parent).toBe('child')
    })
  })

  it('for a race between a timer and a child that can start', async () => {
    await within(2, async manager => {
      const parent = manager.spawn(async () => {
        const child = manager.spawn(() => elapse(50))
        return await Promise.race([child, elapse(5).then(() => 'timer')])
      })
      expect(await parent).toBe('timer')
    })
  })

  it('for waiting for one task after another that has ended', async () => {
    await within(2, async manager => {
      const first = manager.spawn(() => elapse(5))
      const parent = manager.spawn(async () => {
        await first
        const second = manager.spawn(() => 'second')
        return await second
      })
      manager.spawn(() => elapse(1))
      expect(await parent).toBe('second')
      expect(await manager.spawn(async () => await parent)).toBe('second')
    })
  })

  it('for a child in another manager', async () => {
    await within(1, async outer => {
      const inner = await TaskManager.start(1)
      const parents = [1, 2].map(i => outer.spawn(async () => await inner.spawn(() => elapse(5).then(() => i))))
      expect(await Promise.all(parents)).toEqual([1, 2])
      await inner.close()
    })
  })

  it('for two tasks that wait for the same third', async () => {
    await within(3, async manager => {
      const third = manager.spawn(() => elapse(10).then(() => 'third'))
      const waiting = [1, 2].map(() => manager.spawn(async () => await third))
      expect(await Promise.all(waiting)).toEqual(['third', 'third'])
    })
  })

  it('for waiting for what was cancelled, or was done, before', async () => {
    await within(1, async manager => {
      const parent = manager.spawn(async () => {
        const child = manager.spawn(() => {})
        child.cancel()
        return await child.catch(error => error.code)
      })
      expect(await parent).toBe('ERR_TASK_CANCELLED')
    })
  })

  it('for a slot that becomes free because maxTasks was raised', async () => {
    await within(1, async manager => {
      const parent = manager.spawn(async () => {
        manager.maxTasks = 2
        return await manager.spawn(() => 'child')
      })
      expect(await parent).toBe('child')
    })
  })

  it('for code that waits outside, although a task started it', async () => {
    await within(1, async manager => {
      let outside: Promise<unknown> | undefined
      const parent = manager.spawn(() => {
        const child = manager.spawn(() => 'child')
        outside = settle().then(async () => await child)
      })
      await parent
      expect(await outside).toBe('child')
    })
  })
})
