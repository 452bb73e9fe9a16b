import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { sleep } from 'effection'
import { describe, expect, it } from 'vitest'
import { type TaskHandle, TaskManager } from '../../src/index.ts'
import { task } from '../../src/worker.ts'
import { settle } from '../harness.ts'
import { on } from './traces.ts'

const store = new AsyncLocalStorage<string>()

describe('a subscriber of start', () => {
  it.each<[string, () => unknown]>([
    ['a value', () => store.getStore()],
    ['a promise', async () => settle().then(() => store.getStore())],
    [
      'an operation',
      function* () {
        yield* sleep(1)
        return store.getStore()
      },
    ],
  ])('puts a context of its own around work that gives %s', async (_, work) => {
    on('start', trace => {
      trace.within = run => store.run('inner', run)
    })
    await using manager = await TaskManager.start()
    expect(await store.run('outer', () => manager.spawn(work))).toBe('inner')
    expect(store.getStore()).toBeUndefined()
  })

  it.each<[string, (run: () => void) => void]>([
    ['never calls it', () => {}],
    ['calls it twice', run => [run(), run()]],
    [
      'throws before',
      () => {
        throw new Error('the subscriber')
      },
    ],
    [
      'throws after',
      run => {
        run()
        throw new Error('the subscriber')
      },
    ],
    ['calls it later', run => void setImmediate(run)],
    ['is no function', 5 as never],
  ])('has the work called once, and its outcome its own, when it %s', async (_, within) => {
    let calls = 0
    on('start', trace => {
      trace.within = within
    })
    await using manager = await TaskManager.start()
    expect(await manager.spawn(() => ++calls)).toBe(1)
    const failed = manager.spawn(() => Promise.reject('own'))
    expect(await failed.catch(error => error)).toBe('own')
    const threw = manager.spawn(() => {
      throw 'own'
    })
    expect(await threw.catch(error => error)).toBe('own')
    await settle()
    expect(calls).toBe(1)
  })

  it('knows the task by the same handle as the events do', async () => {
    const handles = new Set<unknown>()
    const take = (message: unknown) => {
      if ('record' in (message as object)) handles.add((message as { handle?: TaskHandle<unknown> }).handle)
    }
    subscribe('taskscope:task', take)
    on('start', trace => handles.add(trace.handle))
    const manager = await TaskManager.start()
    const handle = manager.spawn(() => 1)
    await handle
    unsubscribe('taskscope:task', take)
    expect([handles.size, handles.has(handle)]).toEqual([1, true])
    await manager.close()
  })

  it.each(['thread', 'process'] as const)('sends along what a %s is to know', async mode => {
    const carried: Record<string, string> = { traceparent: '00-1-2-01', broken: 'two\nlines', empty: '' }
    on('start', trace => {
      trace.carry = () => carried
    })
    await using origin = task(
      async () => {
        const { subscribe } = await import('node:diagnostics_channel')
        const state = globalThis as { origins?: unknown[] }
        if (state.origins === undefined) {
          state.origins = []
          subscribe('tracing:taskscope:task:start', trace =>
            state.origins?.push((trace as { origin?: unknown }).origin),
          )
        }
        return state.origins
      },
      { mode, maxWorkers: 1 },
    )
    await origin()
    expect(await origin()).toEqual([{ traceparent: '00-1-2-01' }])
  })

  it('that fails to carry something changes nothing', async () => {
    on('start', trace => {
      trace.carry = () => {
        throw new Error('the subscriber')
      }
    })
    await using five = task(() => 5, { mode: 'thread', maxWorkers: 1 })
    expect(await five()).toBe(5)
  })
})

describe('the event submitted', () => {
  it('is published in the async context of who submitted', async () => {
    const seen: unknown[] = []
    const take = (message: unknown) => {
      const { type, manager } = message as { type: string; manager: string }
      if (type === 'submitted') seen.push([manager, store.getStore()])
    }
    subscribe('taskscope:task', take)
    await using one = await TaskManager.start({ name: 'one' })
    await using two = await TaskManager.start({ name: 'two', autoStart: false })
    store.run('first', () => {
      one.spawn(() => {})
      two.spawn(() => {})
    })
    store.run('second', () => one.spawn(() => {}))
    one.spawn(() => {})
    await settle()
    unsubscribe('taskscope:task', take)
    await two.cancelAll()
    expect(seen).toEqual([
      ['one', 'first'],
      ['one', 'second'],
      ['one', undefined],
      ['two', 'first'],
    ])
  })
})
