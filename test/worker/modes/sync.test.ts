import { describe, expect, it } from 'vitest'
import { TaskWorker, task } from '../../../src/worker.ts'
import { failureOf } from '../../work.ts'
import { FUNCTIONS } from './mode.ts'
import { describeMode } from './suite.ts'

describeMode('sync', options => TaskWorker.start({ module: FUNCTIONS, ...options, mode: 'sync' }))

describe('the mode sync alone', () => {
  it('has run a function that is not async when the call returns', async () => {
    const seen: string[] = []
    const work = task(
      (text: string) => {
        seen.push(text)
        return text.length
      },
      { mode: 'sync' },
    )
    const handle = work('abc')
    seen.push('after')
    expect(seen).toEqual(['abc', 'after'])
    expect(handle.result()).toBe(3)
    expect(await work('abcd')).toBe(4)
  })

  it('throws nothing out of the call: what the function threw is in the handle', async () => {
    const error = new RangeError('mine')
    const handle = task(
      () => {
        throw error
      },
      { mode: 'sync' },
    )()
    expect(handle.exception()).toBe(error)
    expect(await failureOf(handle)).toBe(error)
  })

  it('runs one call at a time, in order, also when a call makes another', async () => {
    const seen: string[] = []
    const inner = (name: string) => seen.push(name)
    const worker = await TaskWorker.start({ mode: 'sync' })
    const outer = worker.submit(() => {
      const handle = worker.submit(inner, 'inner')
      seen.push(handle.status)
      return { handle }
    })
    const { handle } = await outer
    await handle
    expect(seen).toEqual(['pending', 'inner'])
  })

  it('has a call wait for an async one before it', async () => {
    const opened = Promise.withResolvers<string>()
    const work = task(async (name: string) => `${name} ${await opened.promise}`, { mode: 'sync' })
    const [first, second] = [work('first'), work('second')]
    expect([first.status, second.status]).toEqual(['running', 'pending'])
    opened.resolve('opened')
    expect(await Promise.all([first, second])).toEqual(['first opened', 'second opened'])
  })
})
