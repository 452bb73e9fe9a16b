import { install } from '@sinonjs/fake-timers'
import { run, sleep, suspend } from 'effection'
import { describe, expect, it } from 'vitest'
import {
  DeadlockError,
  ManagerClosedError,
  ScopeEndedError,
  TaskCancelledError,
  TaskGroupError,
  TaskManager,
  type TaskManagerOptions,
  type TaskScope,
  TaskTimeoutError,
} from '../../src/index.ts'
import { runVirtual } from '../../src/testing.ts'
import { delay, failureOf, forever, untilAborted } from '../work.ts'

async function virtually(
  body: (manager: TaskManager) => Promise<void>,
  options?: number | TaskManagerOptions,
): Promise<number> {
  const { elapsed } = await runVirtual(async () => {
    await using manager = await TaskManager.start(options)
    await body(manager)
    // Whatever happened in the scopes of a test, nothing of them is left.
    expect(manager.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0 })
  })
  return elapsed
}

const fails = (ms: number, error: unknown) => async () => {
  await delay(ms)
  throw error
}

describe('a scope', () => {
  it('gives what its body returns, once all its tasks have ended', async () => {
    const elapsed = await virtually(async manager => {
      const ended: number[] = []
      const result = await manager.scope(scope => {
        for (const ms of [30, 10]) scope.spawn(() => delay(ms).then(() => ended.push(ms)))
        return 'body'
      })
      expect(result).toBe('body')
      expect(ended).toEqual([10, 30])
    })
    expect(elapsed).toBe(30)
  })

  it('cancels the rest at the first failure of a task, and throws it once they have stopped', async () => {
    const elapsed = await virtually(async manager => {
      const log: string[] = []
      const error = new Error('first')
      const thrown = await failureOf(
        manager.scope(async scope => {
          scope.spawn(({ signal }) => untilAborted(signal, 20).finally(() => log.push('stopped')))
          scope.spawn(fails(10, error))
          await untilAborted(scope.signal).catch(reason => log.push(reason === error ? 'told' : 'wrong'))
        }),
      )
      expect(thrown).toBe(error)
      expect(log).toEqual(['told', 'stopped'])
    })
    expect(elapsed).toBe(30)
  })

  it('cancels its tasks when its body fails, and throws that error', async () => {
    await virtually(async manager => {
      const error = new Error('body')
      let stopped = false
      const thrown = await failureOf(
        manager.scope(async scope => {
          scope.spawn(({ signal }) => untilAborted(signal, 5).finally(() => (stopped = true)))
          await delay(1)
          throw error
        }),
      )
      expect(thrown).toBe(error)
      expect(stopped).toBe(true)
    })
  })

  it('throws the failure itself where the body has awaited the task that failed', async () => {
    await virtually(async manager => {
      const error = new Error('awaited')
      expect(await failureOf(manager.scope(scope => scope.spawn(fails(1, error))))).toBe(error)
    })
  })

  it('throws all failures together where there are several, and takes no cancelled task for one', async () => {
    await virtually(async manager => {
      const [first, second] = [new Error('first'), new Error('second')]
      const thrown = await failureOf(
        manager.scope(async scope => {
          scope.spawn(async ({ signal }) => {
            await untilAborted(signal).catch(() => {})
            throw second
          })
          const other = scope.spawn(({ signal }) => untilAborted(signal))
          scope.spawn(fails(1, first))
          await other
        }),
      )
      expect(thrown).toBeInstanceOf(TaskGroupError)
      expect((thrown as TaskGroupError).errors.map(each => [first, second].indexOf(each as Error))).toEqual([0, 1])
      expect((thrown as TaskGroupError).cause === first).toBe(true)
    })
  })

  it('leaves failures to their handles with `failFast: false`, and those that nobody looks at to onError', async () => {
    const told: unknown[] = []
    const [seen, unseen] = [new Error('seen'), new Error('unseen')]
    await virtually(
      async manager => {
        const result = await manager.scope(
          async scope => {
            scope.spawn(fails(1, unseen))
            return failureOf(scope.spawn(fails(2, seen)))
          },
          { failFast: false },
        )
        expect(result).toBe(seen)
      },
      { onError: error => told.push(error) },
    )
    expect(told).toEqual([unseen])
  })

  it('ends at its deadline, and at its signal, with its tasks', async () => {
    const elapsed = await virtually(async manager => {
      const body = (scope: TaskScope) => {
        scope.spawn(({ signal }) => untilAborted(signal))
      }
      const late = await failureOf(manager.scope(body, { deadline: 100 }))
      expect(late).toBeInstanceOf(TaskTimeoutError)
      expect(late).toMatchObject({ limit: 100 })
      const controller = new AbortController()
      const aborted = failureOf(manager.scope(body, { signal: controller.signal }))
      await delay(5)
      controller.abort('enough')
      expect(await aborted).toBe('enough')
      expect(await failureOf(manager.scope(() => expect.unreachable(), { signal: AbortSignal.abort('before') }))).toBe(
        'before',
      )
    })
    expect(elapsed).toBe(105)
  })

  it('waits for a body that does not hear of the end as long as for a task', async () => {
    const elapsed = await virtually(
      async manager => {
        expect(await failureOf(manager.scope(forever, { deadline: 10 }))).toBeInstanceOf(TaskTimeoutError)
      },
      { cleanupTimeout: 50 },
    )
    expect(elapsed).toBe(60)
  })

  it('waits for work that goes on after its timeout', async () => {
    await virtually(
      async manager => {
        let stopped = false
        const deaf = () => delay(30).then(() => (stopped = true))
        expect(await failureOf(manager.scope(scope => scope.spawn(deaf, { timeout: 10 })))).toBeInstanceOf(
          TaskTimeoutError,
        )
        expect(stopped).toBe(true)
      },
      { cleanupTimeout: 100 },
    )
  })

  it('starts nothing once it was aborted, and takes nothing once it has ended', async () => {
    await virtually(async manager => {
      let started = false
      let kept: TaskScope | undefined
      const start = () => {
        started = true
      }
      const error = new Error('over')
      const thrown = await failureOf(
        manager.scope(async scope => {
          kept = scope
          scope.spawn(fails(1, error))
          await untilAborted(scope.signal).catch(() => {})
          expect(await failureOf(scope.spawn(start, { startNow: true }))).toBeInstanceOf(TaskCancelledError)
        }),
      )
      expect(thrown).toBe(error)
      expect(started).toBe(false)
      expect(() => kept?.spawn(start)).toThrow(ScopeEndedError)
      expect(() => kept?.scope(start)).toThrow(ScopeEndedError)
    })
  })

  it('leaves no timer behind where its own body has aborted it', async () => {
    const clock = install({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      const manager = await TaskManager.start()
      const controller = new AbortController()
      const body = async () => controller.abort(new Error('enough'))
      await expect(manager.scope(body, { signal: controller.signal })).rejects.toThrow('enough')
      expect(clock.countTimers()).toBe(0)
      await manager.close()
    } finally {
      clock.uninstall()
    }
  })

  it('takes no cancelled task for a failure', async () => {
    await virtually(async manager => {
      const result = await manager.scope(async scope => {
        await scope.spawn(({ signal }) => untilAborted(signal)).cancel()
        return 'goes on'
      })
      expect(result).toBe('goes on')
    })
  })

  it('waits for tasks that its tasks spawn in it', async () => {
    await virtually(async manager => {
      const ended: string[] = []
      await manager.scope(scope => {
        scope.spawn(async () => {
          await delay(5)
          scope.spawn(() => delay(5).then(() => ended.push('inner')))
          ended.push('outer')
        })
      })
      expect(ended).toEqual(['outer', 'inner'])
    })
  })

  it('refuses what it cannot be', async () => {
    const manager = await TaskManager.start()
    expect(() => manager.scope('body' as never)).toThrow(TypeError)
    expect(() => manager.scope(() => {}, { deadlin: 1 } as object)).toThrow(/deadline/)
    expect(() => manager.scope(() => {}, { deadline: -1 })).toThrow(RangeError)
    expect(() => manager.scope(() => {}, { signal: {} as AbortSignal })).toThrow(TypeError)
    await manager.close()
    expect(() => manager.scope(() => {})).toThrow(ManagerClosedError)
  })
})

describe('a scope within', () => {
  it('is aborted with the one around it, and ends before it', async () => {
    await virtually(async manager => {
      const log: string[] = []
      const thrown = await failureOf(
        manager.scope(async scope => {
          scope
            .scope(async inner => {
              inner.spawn(({ signal }) => untilAborted(signal, 10).finally(() => log.push('inner stopped')))
              await untilAborted(inner.signal)
            })
            .catch(reason => log.push(`inner: ${reason.message}`))
          await delay(1)
          throw new Error('outer')
        }),
      )
      expect(thrown).toMatchObject({ message: 'outer' })
      expect(log).toEqual(['inner stopped', 'inner: outer'])
    })
  })

  it('may fail without the one around it', async () => {
    await virtually(async manager => {
      const result = await manager.scope(async scope => {
        const inner = await failureOf(scope.scope(each => each.spawn(fails(1, new Error('inner')))))
        return `${(inner as Error).message}, ${await scope.spawn(() => 'goes on')}`
      })
      expect(result).toBe('inner, goes on')
    })
  })

  it('may be a thousand deep', async () => {
    await virtually(async manager => {
      const deeper = (scope: TaskScope, left: number): Promise<number> =>
        left === 0 ? scope.spawn(() => delay(1, 0)) : scope.scope(inner => deeper(inner, left - 1)).then(n => n + 1)
      expect(await manager.scope(scope => deeper(scope, 1_000))).toBe(1_000)
      const late = manager.scope(scope => deeper(scope, 1_000), { deadline: 0.5 })
      expect(await failureOf(late)).toBeInstanceOf(TaskTimeoutError)
    })
  })
})

describe('a scope in a task', () => {
  /** A body whose tasks take a while to stop, and say so. */
  const leaving = (stopped: string[]) => (scope: TaskScope) => {
    for (const name of ['a', 'b'])
      scope.spawn(({ signal }) => untilAborted(signal, 5).finally(() => stopped.push(name)))
  }

  it('waits for slots, and ends with the task that is cancelled', async () => {
    await virtually(async manager => {
      const stopped: string[] = []
      const task = manager.spawn(() => manager.scope(leaving(stopped)))
      await delay(10)
      await task.cancel('enough')
      expect(stopped).toEqual(['a', 'b'])
      expect(task.record()).toMatchObject({ status: 'cancelled', cancelReason: 'enough', abandoned: false })
    }, 3)
  })

  it('ends with an attempt that is late, and the next attempt has one of its own', async () => {
    await virtually(async manager => {
      const stopped: string[] = []
      const work = ({ attempt }: { readonly attempt: number }) =>
        attempt === 1 ? manager.scope(leaving(stopped)) : manager.scope(scope => scope.spawn(() => 'second'))
      expect(await manager.spawn(work, { timeout: 10, retry: { retries: 1, wait: 0 } })).toBe('second')
      expect(stopped).toEqual(['a', 'b'])
    })
  })

  it('ends by a signal of its own as well, and the task goes on', async () => {
    await virtually(async manager => {
      const controller = new AbortController()
      const stopped: string[] = []
      const task = manager.spawn(async () => {
        expect(await failureOf(manager.scope(leaving(stopped), { signal: controller.signal }))).toBe('only the scope')
        return 'goes on'
      })
      await delay(1)
      controller.abort('only the scope')
      expect(await task).toBe('goes on')
      expect(stopped).toEqual(['a', 'b'])
    })
  })

  it('ends with the task that runs it, whose manager is another and whose scope is around', async () => {
    await virtually(async manager => {
      await using other = await TaskManager.start()
      const stopped: string[] = []
      const log: unknown[] = []
      await manager.scope(async scope => {
        const inner = scope.spawn(() => scope.scope(leaving(stopped)))
        const elsewhere = scope.spawn(() => other.scope(leaving(stopped)))
        await delay(1)
        for (const each of [inner, elsewhere]) log.push(await each.cancel())
        expect(scope.signal.aborted).toBe(false)
      })
      expect(log).toEqual([true, true])
      expect(stopped).toEqual(['a', 'b', 'a', 'b'])
      expect(other.stats()).toMatchObject({ running: 0, cancelled: 2 })
    })
  })

  it('does not begin once the task was told to stop', async () => {
    await virtually(async manager => {
      let begun = false
      const task = manager.spawn(async ({ signal }) => {
        await untilAborted(signal).catch(() => {})
        await manager.scope(() => {
          begun = true
        })
      })
      await delay(1)
      await task.cancel()
      expect(task.status).toBe('cancelled')
      expect(begun).toBe(false)
    })
  })

  it('follows nothing that is over: what a task has left running is on its own', async () => {
    await virtually(async manager => {
      let left: Promise<string> | undefined
      await manager.spawn(() => {
        left = delay(5).then(() => manager.scope(scope => scope.spawn(() => delay(5, 'on its own'))))
      })
      expect(await left).toBe('on its own')
    })
  })

  it('hides no failure in the cancel', async () => {
    await virtually(async manager => {
      const error = new Error('cleanup')
      const scoped = () =>
        manager.scope(scope => {
          scope.spawn(({ signal }) => untilAborted(signal).catch(() => Promise.reject(error)))
        })
      const operation = function* () {
        yield* scoped()
      }
      for (const work of [scoped, () => scoped().then(() => {}), operation]) {
        const task = manager.spawn<void>(work)
        await delay(1)
        await task.cancel('enough')
        expect(task.status).toBe('failed')
        expect(task.exception()).toMatchObject({ name: 'TaskGroupError', errors: ['enough', error] })
      }
    })
  })

  it('is a knot with a name where its tasks can have no slot', async () => {
    await virtually(async manager => {
      const task = manager.spawn(
        () =>
          manager.scope(scope => {
            scope.spawn(() => 'never', { name: 'inner' })
          }),
        { name: 'outer' },
      )
      const error = await failureOf(task)
      expect(error).toBeInstanceOf(DeadlockError)
      expect(String(error)).toMatch(/task 1 "outer".*task 2 "inner"/)
    }, 1)
  })

  it('may be in a task of a scope in a task, a thousand deep, and is told where one slot is missing', async () => {
    const deeper = async (manager: TaskManager, left: number): Promise<number> => {
      if (left === 1) return 1
      return 1 + (await manager.scope(scope => scope.spawn(() => deeper(manager, left - 1))))
    }
    await virtually(async manager => {
      expect(await manager.spawn(() => deeper(manager, 1_000))).toBe(1_000)
      const error = await failureOf(manager.spawn(() => deeper(manager, 1_001)))
      expect(error).toBeInstanceOf(DeadlockError)
      const stuck = manager.spawn(() => deeper(manager, 1_001))
      await delay(1)
      await stuck.cancel('enough')
      expect(stuck.status).toBe('cancelled')
    }, 1_000)
  })
})

describe('a scope for `yield*`', () => {
  it('gives its result and its failure', async () => {
    await using manager = await TaskManager.start()
    const error = new Error('thrown')
    const [result, thrown] = await run(function* () {
      const result = yield* manager.scope(scope => scope.spawn(() => 7))
      try {
        yield* manager.scope(() => Promise.reject(error))
      } catch (reason) {
        return [result, reason]
      }
      return []
    })
    expect(result).toBe(7)
    expect(thrown).toBe(error)
  })

  it('has stopped when the operation that waits for it has been halted', async () => {
    await using manager = await TaskManager.start()
    let stopped = false
    const operation = run(function* () {
      yield* manager.scope(scope => {
        scope.spawn(({ signal }) => untilAborted(signal, 5).finally(() => (stopped = true)))
      })
      yield* suspend()
    })
    await run(() => sleep(10))
    await operation.halt()
    expect(stopped).toBe(true)
    expect(manager.stats()).toMatchObject({ running: 0, stopping: 0 })
  })

  it('in a task ends with the task, whether or not it is what that waits for', async () => {
    await virtually(async manager => {
      for (const waits of [true, false]) {
        let stopped = false
        const task = manager.spawn(function* () {
          const scoped = manager.scope(scope => {
            scope.spawn(({ signal }) => untilAborted(signal, 5).finally(() => (stopped = true)))
          })
          if (waits) yield* scoped
          scoped.catch(() => {})
          yield* suspend()
        })
        await delay(1)
        await task.cancel('enough')
        await manager.drain()
        expect(stopped).toBe(true)
        expect(task.record()).toMatchObject({ status: 'cancelled', cancelReason: 'enough' })
      }
    })
  })

  it('does not lose a failure to a halt that comes while it ends', async () => {
    await virtually(async manager => {
      const error = new Error('first')
      const operation = run(function* () {
        yield* manager.scope(scope => {
          scope.spawn(({ signal }) => untilAborted(signal, 20))
          scope.spawn(fails(5, error))
        })
      })
      await delay(10)
      expect(await failureOf(operation.halt())).toBe(error)
    })
  })
})
