import { AsyncLocalStorage } from 'node:async_hooks'
import { ensure, sleep, until } from 'effection'
import { describe, expect, it } from 'vitest'
import { TaskRunner } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { within } from '../runner/within.ts'
import { delay, failureOf } from '../work.ts'
import { bind } from './traces.ts'

describe('a store bound to the start', () => {
  it('is there in all the work of a promise, and nowhere else', async () => {
    const store = bind()
    await within({}, async runner => {
      const seen: unknown[] = []
      const look = () => seen.push(store.getStore())
      await runner.submit(async ({ signal }) => {
        look()
        signal.addEventListener('abort', look)
        await delay(5)
        look()
        await Promise.resolve()
        look()
      })
      look()
      expect(seen).toEqual(['span 1', 'span 1', 'span 1', undefined])
    })
  })

  it('is there in the lazy then of a thenable', async () => {
    const store = bind()
    const runner = await TaskRunner.start()
    const query = { then: (resolve: (value: unknown) => void) => resolve(store.getStore()) }
    expect(await runner.submit(() => query as PromiseLike<unknown>)).toBe('span 1')
  })

  it('is there in every step of an operation, and in its teardown', async () => {
    const store = bind()
    await within({}, async runner => {
      const seen: unknown[] = []
      const look = () => void seen.push(store.getStore())
      const work = function* () {
        yield* ensure(function* () {
          look()
          yield* until(settle())
          look()
        })
        look()
        yield* sleep(5)
        look()
        yield* sleep(1_000)
      }
      const handle = runner.submit(work)
      await delay(10)
      await handle.cancel()
      expect(seen).toEqual(['span 1', 'span 1', 'span 1', 'span 1'])
    })
  })

  it('is that of the attempt and not of the one before, and keeps tasks apart', async () => {
    const store = bind(({ id, attempt }) => `${id}/${attempt}`)
    await within({}, async runner => {
      const work = async ({ attempt }: { attempt: number }) => {
        await delay(5)
        if (attempt === 1) throw 'again'
        return store.getStore()
      }
      const retry = { retries: 1, wait: 5 }
      expect(await Promise.all([runner.submit(work, { retry }), runner.submit(work, { retry })])).toEqual([
        '1/2',
        '2/2',
      ])
    })
  })

  it('leaves the stores of the submitter as they are', async () => {
    bind()
    const own = new AsyncLocalStorage<string>()
    await within({}, async runner => {
      const promise = own.run('mine', () => runner.submit(() => delay(5).then(() => own.getStore())))
      const operation = own.run('mine', () =>
        runner.submit(function* () {
          yield* sleep(5)
          return own.getStore()
        }),
      )
      expect(await Promise.all([promise, operation])).toEqual(['mine', 'mine'])
    })
  })

  it('does not hide the task: its own handle is still refused inside', async () => {
    bind()
    const runner = await TaskRunner.start()
    const handle = runner.submit(() => runner.drain())
    expect(await failureOf(handle)).toMatchObject({ code: 'ERR_DEADLOCK' })
  })
})
