import { AsyncLocalStorage } from 'node:async_hooks'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import pLimit, { limitFunction } from '../../src/compat/p-limit.ts'
import { createGate, runVirtual } from '../../src/testing.ts'
import { settle } from '../harness.ts'
import { RunningProgram } from '../running-program.ts'
import { delay } from '../work.ts'

describe('pLimit', () => {
  it('runs no more than so many at a time, in the order of the calls', async () => {
    const limit = pLimit(2)
    const log: number[] = []
    let running = 0
    let most = 0
    const run = async (n: number) => {
      log.push(n)
      most = Math.max(most, ++running)
      await settle()
      running -= 1
      return n * 10
    }
    expect(await Promise.all([1, 2, 3, 4, 5].map(n => limit(run, n)))).toEqual([10, 20, 30, 40, 50])
    expect(most).toBe(2)
    expect(log).toEqual([1, 2, 3, 4, 5])
  })

  it('takes a number or an object', () => {
    expect(pLimit(3).concurrency).toBe(3)
    expect(pLimit({ concurrency: 4 }).concurrency).toBe(4)
    expect(pLimit(Number.POSITIVE_INFINITY).concurrency).toBe(Number.POSITIVE_INFINITY)
  })

  it.each([0, -1, 1.2, Number.NaN, '1', true, undefined, {}, { concurrency: 0 }])('refuses %j', concurrency => {
    expect(() => pLimit(concurrency as number)).toThrow(TypeError)
  })

  it('refuses a rejectOnClear that is no boolean', () => {
    expect(() => pLimit({ concurrency: 1, rejectOnClear: 'yes' as never })).toThrow(/rejectOnClear/)
  })

  it('hands the arguments on', async () => {
    const given = Symbol('given')
    expect(await pLimit(1)((...args: symbol[]) => args, given, given)).toEqual([given, given])
  })

  it('gives a value that would be an operation as it is', async () => {
    function* generator() {
      yield* []
    }
    const made = generator()
    expect(await pLimit(1)(() => made)).toBe(made)
  })

  it('rejects with the very error of the function, thrown or rejected', async () => {
    const error = new Error('its own')
    const limit = pLimit(1)
    const thrown = limit(() => {
      throw error
    })
    await expect(thrown).rejects.toBe(error)
    await expect(limit(() => Promise.reject(error))).rejects.toBe(error)
    await expect(limit(() => Promise.reject(undefined))).rejects.toBeUndefined()
  })

  it('goes on after a failure', async () => {
    const limit = pLimit(1)
    const failed = limit(() => Promise.reject(new Error('first')))
    const next = limit(() => 'next')
    await expect(failed).rejects.toThrow('first')
    expect(await next).toBe('next')
  })

  it('starts a function after the call, though its slot is taken in it', async () => {
    const limit = pLimit(2)
    let value = 1
    const read = limit(() => value)
    expect(limit.activeCount).toBe(1)
    value = 2
    expect(await read).toBe(2)
  })

  it('counts what runs and what waits', async () => {
    const limit = pLimit(2)
    const gate = createGate()
    const calls = [1, 2, 3].map(() => limit(() => gate))
    expect([limit.activeCount, limit.pendingCount]).toEqual([2, 1])
    gate.open()
    await Promise.all(calls)
    expect([limit.activeCount, limit.pendingCount]).toEqual([0, 0])
  })

  it('runs in the async context of the call', async () => {
    const store = new AsyncLocalStorage<number>()
    const limit = pLimit(1)
    const seen = [1, 2, 3].map(n => store.run(n, () => limit(async () => store.getStore())))
    expect(await Promise.all(seen)).toEqual([1, 2, 3])
  })

  it('starts more when concurrency is raised, and stops none when it is lowered', async () => {
    const limit = pLimit(1)
    const gate = createGate()
    const calls = [1, 2, 3, 4].map(() => limit(() => gate))
    await settle()
    limit.concurrency = 3
    expect(limit.activeCount).toBe(3)
    limit.concurrency = 1
    expect([limit.concurrency, limit.activeCount]).toEqual([1, 3])
    gate.open()
    await Promise.all(calls)
    expect(() => {
      limit.concurrency = 0
    }).toThrow(TypeError)
  })
})

describe('calls that call', () => {
  it('may leave a call of the same limit to run after them, however long they take', async () => {
    await runVirtual(async () => {
      const limit = pLimit(1)
      const log: string[] = []
      const outer = limit(async () => {
        limit(async () => log.push('inner'))
        await delay(60_000)
        log.push('outer')
      })
      await outer
      await limit(() => {})
      expect(log).toEqual(['outer', 'inner'])
    })
  })

  it('reject with a DeadlockError where they wait for one another and nothing else is left to do', async () => {
    const program = new RunningProgram(fileURLToPath(new URL('../fixtures/limited-in-itself.ts', import.meta.url)), [])
    const ended = await program.ended
    expect({ ended, stdout: program.stdout, stderr: program.stderr }).toEqual({
      ended: 0,
      stdout:
        "DeadlockError: task 1 awaits task 2, which can't start: every slot is held by a task that waits. " +
        'Raise maxTasks, or use a second manager for the inner tasks\n',
      stderr: '',
    })
  })
})

describe('clearQueue', () => {
  it('discards what waits and leaves its promises unsettled', async () => {
    const limit = pLimit(1)
    const gate = createGate()
    const running = limit(() => gate)
    let settled = false
    const told = () => {
      settled = true
    }
    limit(() => 1).then(told, told)
    limit.clearQueue()
    expect(limit.pendingCount).toBe(0)
    gate.open()
    await running
    await settle()
    expect(settled).toBe(false)
  })

  it('rejects them with an AbortError with rejectOnClear, and none that runs', async () => {
    const limit = pLimit({ concurrency: 1, rejectOnClear: true })
    const gate = createGate<string>()
    const running = limit(() => gate)
    const cleared = limit(() => 1)
    limit.clearQueue()
    await expect(cleared).rejects.toMatchObject({ name: 'AbortError' })
    await expect(cleared).rejects.toBeInstanceOf(DOMException)
    gate.open('through')
    expect(await running).toBe('through')
  })
})

describe('limit.map', () => {
  it('gives the results in the order of the input, and tells the index', async () => {
    expect(await pLimit(2).map(new Set(['a', 'b', 'c']), (item, index) => `${item}${index}`)).toEqual([
      'a0',
      'b1',
      'c2',
    ])
  })

  it('works when it is taken off', async () => {
    const { map } = pLimit(1)
    expect(await map([1, 2], n => n + 1)).toEqual([2, 3])
  })

  it('rejects with what the input throws, and runs what it had given', async () => {
    const ran: number[] = []
    const broken = (function* () {
      yield 1
      throw new Error('broken input')
    })()
    const mapping = pLimit(1).map(broken, async n => {
      ran.push(n)
      throw new Error('discarded')
    })
    await expect(mapping).rejects.toThrow('broken input')
    await settle()
    expect(ran).toEqual([1])
  })
})

describe('limitFunction', () => {
  it('limits the calls of one function', async () => {
    let running = 0
    let most = 0
    const limited = limitFunction(
      async (n: number) => {
        most = Math.max(most, ++running)
        await settle()
        running -= 1
        return n
      },
      { concurrency: 2 },
    )
    expect(await Promise.all([1, 2, 3, 4].map(n => limited(n)))).toEqual([1, 2, 3, 4])
    expect(most).toBe(2)
  })

  it('has a clearQueue of its own', async () => {
    const gate = createGate()
    const limited = limitFunction(() => gate, { concurrency: 1, rejectOnClear: true })
    const running = limited()
    const cleared = limited()
    limited.clearQueue()
    await expect(cleared).rejects.toMatchObject({ name: 'AbortError' })
    gate.open()
    await running
  })
})
