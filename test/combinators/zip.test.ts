import { describe, expect, it } from 'vitest'
import { TaskManager, zip } from '../../src/index.ts'
import { collect } from '../work.ts'

function source<T>(items: readonly T[], log: string[], name: string) {
  return (function* () {
    try {
      yield* items
    } finally {
      log.push(`${name} closed`)
    }
  })()
}

async function* slowly<T>(items: readonly T[]) {
  for (const item of items) {
    await null
    yield item
  }
}

describe('zip', () => {
  it('walks sync and async inputs side by side and ends with the shortest', async () => {
    expect(await collect(zip([1, 2, 3], slowly(['a', 'b']), new Set([true, false, true])))).toEqual([
      [1, 'a', true],
      [2, 'b', false],
    ])
  })

  it('gives nothing for nothing', async () => {
    expect(await collect(zip())).toEqual([])
    expect(await collect(zip([], [1]))).toEqual([])
  })

  it('closes the longer inputs', async () => {
    const log: string[] = []
    await collect(zip(source([1], log, 'short'), source([1, 2, 3], log, 'long')))
    expect(log).toEqual(['short closed', 'long closed'])
  })

  it('closes all inputs when the loop is left', async () => {
    const log: string[] = []
    for await (const _ of zip(source([1, 2], log, 'a'), source([1, 2], log, 'b'))) break
    expect(log).toEqual(['a closed', 'b closed'])
  })

  it('closes the others when one input throws, even one that was taking a step', async () => {
    const log: string[] = []
    const failing = (function* () {
      yield 1
      throw new Error('broken input')
    })()
    let open = () => {}
    const gate = new Promise<void>(resolve => {
      open = resolve
    })
    async function* slow() {
      try {
        yield 1
        await gate
        yield 2
      } finally {
        log.push('slow closed')
      }
    }
    await expect(collect(zip(source([1, 2, 3], log, 'other'), failing, slow()))).rejects.toThrow('broken input')
    open()
    await new Promise(resolve => setImmediate(resolve))
    expect(log).toEqual(['other closed', 'slow closed'])
  })

  it('ends with the shortest although another has not answered', async () => {
    const rows = await collect(
      zip(
        [1],
        (async function* () {
          yield 'a'
          await new Promise(() => {})
        })(),
      ),
    )
    expect(rows).toEqual([[1, 'a']])
  })

  it('lets go of an idle input at once when it is left while it waits', async () => {
    const log: string[] = []
    let steps = 0
    const idle = {
      [Symbol.asyncIterator]: () => ({
        next: () => (++steps === 1 ? Promise.resolve({ done: false, value: 1 }) : new Promise<never>(() => {})),
        return: async () => {
          log.push('idle closed')
          return { done: true, value: undefined }
        },
      }),
    }
    const rows = zip(source([1, 2, 3], log, 'other'), idle as AsyncIterable<number>)
    await rows.next()
    const waiting = rows.next()
    rows.return()
    expect(log).toContain('idle closed')
    expect(waiting).toBeInstanceOf(Promise)
  })

  it('takes strings', async () => {
    expect(await collect(zip('ab', [1, 2]))).toEqual([
      ['a', 1],
      ['b', 2],
    ])
  })

  it('feeds a map with several inputs', async () => {
    const manager = await TaskManager.start()
    const sums = await manager.map(zip([1, 2, 3], [10, 20, 30]), ([a, b]) => a + b).toArray()
    expect(sums).toEqual([11, 22, 33])
  })

  it('refuses what is no iterable at the call', () => {
    expect(() => zip([1], 5 as never)).toThrow(/input 2 of zip must be an iterable or an async iterable, got 5/)
  })
})
