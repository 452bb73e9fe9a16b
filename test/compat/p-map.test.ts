import { describe, expect, it } from 'vitest'
import pMap, {
  pMapIterable,
  pMapKeyed,
  pMapSettled,
  pMapSettledKeyed,
  pMapSkip,
  pMapStop,
} from '../../src/compat/p-map.ts'
import { createGate } from '../../src/testing.ts'
import { settle } from '../harness.ts'

/** An input that tells when it was closed, and how much was pulled. */
function source(count: number) {
  const seen = { closed: false, pulled: 0 }
  async function* items() {
    try {
      for (let n = 1; n <= count; n++) {
        seen.pulled = n
        yield n
      }
    } finally {
      seen.closed = true
    }
  }
  return { seen, items: items() }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

describe('pMap', () => {
  it('maps items, promises of items and async iterables, in the order of the input', async () => {
    expect(await pMap([1, Promise.resolve(2), 3], async (n, index) => n * 10 + index)).toEqual([10, 21, 32])
    expect(await pMap(source(3).items, n => n + 1)).toEqual([2, 3, 4])
    expect(await pMap('abc', letter => letter.toUpperCase())).toEqual(['A', 'B', 'C'])
    expect(await pMap([], n => n)).toEqual([])
  })

  it('runs no more than so many mappers at a time', async () => {
    let running = 0
    let most = 0
    const mapper = async () => {
      most = Math.max(most, ++running)
      await settle()
      running -= 1
    }
    await pMap(Array(9).keys(), mapper, { concurrency: 3 })
    expect(most).toBe(3)
    await pMap(Array(9).keys(), mapper)
    expect(most).toBe(9)
  })

  it.each([0, -1, 1.5, '2', Number.NaN])('refuses the concurrency %j', async concurrency => {
    await expect(pMap([1], n => n, { concurrency: concurrency as number })).rejects.toThrow(TypeError)
  })

  it('refuses what is no input and what is no mapper', async () => {
    await expect(pMap(12 as never, n => n)).rejects.toThrow(/`input`/)
    await expect(pMap([1], 'mapper' as never)).rejects.toThrow(/Mapper function is required/)
  })

  it('rejects with the first error, maps no more and closes the input', async () => {
    const { seen, items } = source(9)
    const error = new Error('its own')
    const mapped: number[] = []
    const mapping = pMap(
      items,
      async n => {
        mapped.push(n)
        if (n === 2) throw error
      },
      { concurrency: 1 },
    )
    await expect(mapping).rejects.toBe(error)
    expect(mapped).toEqual([1, 2])
    expect(seen.closed).toBe(true)
  })

  it('rejects with what an item or the input rejects with', async () => {
    const error = new Error('an item')
    await expect(pMap([Promise.reject(error)], n => n)).rejects.toBe(error)
    const broken = (function* () {
      yield 1
      throw error
    })()
    await expect(pMap(broken, n => n)).rejects.toBe(error)
  })

  it('tries all with stopOnError: false, and lists the errors in the order of the input', async () => {
    const gate = createGate()
    const mapping = pMap(
      [1, 2, 3],
      async n => {
        if (n === 2) return n
        if (n === 1) await gate
        else gate.open()
        throw new Error(`${n}`)
      },
      { stopOnError: false },
    )
    const failure = (await mapping.catch(error => error)) as AggregateError
    expect(failure).toBeInstanceOf(AggregateError)
    expect(failure.errors.map(each => each.message)).toEqual(['1', '3'])
  })

  it('leaves out what is skipped', async () => {
    expect(await pMap([1, 2, 3], n => (n === 2 ? pMapSkip : n))).toEqual([1, 3])
  })

  it('stops at pMapStop: with what comes before it, and nothing after', async () => {
    const gate = createGate()
    const { seen, items } = source(99)
    const mapping = pMap(
      items,
      async n => {
        if (n === 1) await gate
        if (n === 3) throw new Error('after the stop')
        return n === 2 ? pMapStop : n
      },
      { concurrency: 2 },
    )
    await settle()
    gate.open()
    expect(await mapping).toEqual([1])
    expect(seen.closed).toBe(true)
    expect(seen.pulled).toBeLessThan(6)
  })

  it('rejects with an error of an item before the stop', async () => {
    const gate = createGate()
    const mapping = pMap([1, 2], async n => {
      if (n === 2) return pMapStop
      await gate
      throw new Error('before the stop')
    })
    await settle()
    gate.open()
    await expect(mapping).rejects.toThrow('before the stop')
  })

  it('rejects with the reason of the signal, before or during', async () => {
    const controller = new AbortController()
    const mapping = pMap([1, 2], () => createGate(), { signal: controller.signal })
    await settle()
    controller.abort('enough')
    await expect(mapping).rejects.toBe('enough')
    let ran = false
    const late = pMap([1], () => (ran = true), { signal: controller.signal })
    await expect(late).rejects.toBe('enough')
    expect(ran).toBe(false)
  })
})

describe('pMapSettled', () => {
  it('tells how each ended, as Promise.allSettled does', async () => {
    const error = new Error('its own')
    const mapper = (n: number) => {
      if (n === 2) throw error
      return n === 4 ? pMapSkip : n
    }
    expect(await pMapSettled([1, 2, Promise.reject(error), 4], mapper, { concurrency: 1 })).toEqual([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: error },
      { status: 'rejected', reason: error },
    ])
  })

  it('keeps an error from before a stop', async () => {
    const ends = await pMapSettled([1, 2, 3], n => {
      if (n === 1) throw new Error('early')
      return pMapStop
    })
    expect(ends.map(({ status }) => status)).toEqual(['rejected'])
  })

  it('rejects when the input throws, and with the reason of the signal', async () => {
    const broken = (function* () {
      yield 1
      throw new Error('broken input')
    })()
    await expect(pMapSettled(broken, n => n)).rejects.toThrow('broken input')
    await expect(pMapSettled([1], n => n, { signal: AbortSignal.abort('enough') })).rejects.toBe('enough')
  })
})

describe('pMapKeyed', () => {
  it('keeps the keys of an object, symbols too, and tells them', async () => {
    const symbol = Symbol('key')
    const input = { a: 1, b: Promise.resolve(2), [symbol]: 3 }
    const mapped = await pMapKeyed(input, (value, key) => `${String(key)} ${value}`)
    expect(Object.getPrototypeOf(mapped)).toBeNull()
    expect({ ...mapped }).toEqual({ a: 'a 1', b: 'b 2', [symbol]: 'Symbol(key) 3' })
  })

  it('makes a Map of a Map', async () => {
    const input = new Map([
      ['a', 1],
      ['b', 2],
    ])
    expect(await pMapKeyed(input, value => value * 2)).toEqual(
      new Map([
        ['a', 2],
        ['b', 4],
      ]),
    )
  })

  it('leaves out skipped keys, and those from a stop on', async () => {
    const mapper = (value: number) => (value === 1 ? pMapSkip : value === 3 ? pMapStop : value)
    expect({ ...(await pMapKeyed({ a: 1, b: 2, c: 3, d: 4 }, mapper, { concurrency: 1 })) }).toEqual({ b: 2 })
  })

  it('is not polluted by a key of the name __proto__', async () => {
    const mapped = await pMapKeyed(JSON.parse('{ "__proto__": 1 }') as Record<string, number>, value => value)
    expect(Object.getOwnPropertyNames(mapped)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(mapped)).toBeNull()
  })

  it('rejects with the first error, and refuses what is no object', async () => {
    await expect(pMapKeyed({ a: Promise.reject(new Error('a')), b: 2 }, value => value)).rejects.toThrow('a')
    await expect(pMapKeyed(1 as never, value => value)).rejects.toThrow(/`input`/)
  })

  it('tells with pMapSettledKeyed how each ended', async () => {
    const ends = await pMapSettledKeyed({ a: 1, b: Promise.reject('no') }, value => value)
    expect({ ...ends }).toEqual({ a: { status: 'fulfilled', value: 1 }, b: { status: 'rejected', reason: 'no' } })
  })
})

describe('pMapIterable', () => {
  it('gives results in order, without what is skipped, every time it is looped over', async () => {
    const mapped = pMapIterable([1, 2, 3], n => (n === 2 ? pMapSkip : n * 2))
    expect(await all(mapped)).toEqual([2, 6])
    expect(await all(mapped)).toEqual([2, 6])
  })

  it('gives them as they come with preserveOrder: false', async () => {
    const gate = createGate()
    const mapper = async (n: number) => {
      if (n === 1) await gate
      else gate.open()
      return n
    }
    expect(await all(pMapIterable([1, 2], mapper, { preserveOrder: false }))).toEqual([2, 1])
  })

  it('pulls no more than the backpressure ahead of the loop', async () => {
    const { seen, items } = source(20)
    const iterator = pMapIterable(items, n => n, { concurrency: 2, backpressure: 3 })[Symbol.asyncIterator]()
    expect((await iterator.next()).value).toBe(1)
    await settle()
    expect(seen.pulled).toBeLessThanOrEqual(4)
    await iterator.return?.()
    expect(seen.closed).toBe(true)
  })

  it('throws an error in its turn, after the results before it', async () => {
    const gate = createGate()
    const found: number[] = []
    const mapped = pMapIterable([1, 2, 3], async n => {
      if (n === 1) await gate
      if (n === 2) gate.open()
      if (n === 2) throw new Error('its own')
      return n
    })
    const loop = async () => {
      for await (const n of mapped) found.push(n)
    }
    await expect(loop()).rejects.toThrow('its own')
    expect(found).toEqual([1])
  })

  it('ends at pMapStop', async () => {
    const { seen, items } = source(99)
    expect(await all(pMapIterable(items, n => (n === 3 ? pMapStop : n), { concurrency: 2 }))).toEqual([1, 2])
    expect(seen.closed).toBe(true)
  })

  it('refuses wrong options in the call', () => {
    expect(() => pMapIterable([1], n => n, { concurrency: 0 })).toThrow(/`concurrency`/)
    expect(() => pMapIterable([1], n => n, { concurrency: 2, backpressure: 1 })).toThrow(/`backpressure`/)
    expect(() => pMapIterable([1], n => n, { preserveOrder: 1 as never })).toThrow(/`preserveOrder`/)
    expect(() => pMapIterable(1 as never, n => n)).toThrow(/`input`/)
  })
})
