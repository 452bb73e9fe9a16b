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
    })
  })
})

describe('a scope in a task', () => {
  it('waits for slots, and ends with the task that is cancelled by its signal', async () => {
    await virtually(async manager => {
      const stopped: string[] = []
      const task = manager.spawn(({ signal }) =>
        manager.scope(
          scope => {
            for (const name of ['a', 'b']) {
              scope.spawn(each => untilAborted(each.signal, 5).finally(() => stopped.push(name)))
            }
          },
          { signal },
        ),
      )
      await delay(10)
      await task.cancel()
      expect(stopped).toEqual(['a', 'b'])
      expect(task.status).toBe('cancelled')
    }, 3)
  })

  it('is a knot with a name where its tasks can have no slot', async () => {
    await virtually(async manager => {
      const task = manager.spawn(() =>
        manager.scope(scope => {
          scope.spawn(() => 'never')
        }),
      )
      expect(await failureOf(task)).toBeInstanceOf(DeadlockError)
    }, 1)
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
})
