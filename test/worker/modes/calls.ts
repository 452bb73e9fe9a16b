import { afterAll, describe, expect, it } from 'vitest'
import { type TaskHandle, TaskManager } from '../../../src/index.ts'
import { type TaskFunction, task } from '../../../src/worker.ts'
import {
  add,
  describeBytes,
  echo,
  greet,
  kindOf,
  later,
  same,
  square,
  thenable,
} from '../../fixtures/worker/mode-functions.ts'
import { failureOf } from '../../work.ts'
import type { Mode } from './mode.ts'

/** Calls, their arguments and their results. */
export function describeCalls(mode: Mode): void {
  describe('a call', () => {
    it('gives the handle of a task', async () => {
      const handle = mode.worker.submit(square, 5)
      expect(await handle).toBe(25)
      expect(handle).toMatchObject({ name: 'square', status: 'done' })
      expect(handle.record()).toMatchObject({ status: 'done', result: 25, attempt: 1, abandoned: false })
      expect(handle.result()).toBe(25)
    })

    it('awaits what is async, and what is thenable', async () => {
      expect(await mode.worker.submit(later, 5)).toBe(5)
      expect(await mode.worker.submit(thenable, 5)).toBe(5)
    })

    it('of a function alone runs it, and of something else needs a bound function', async () => {
      expect(await mode.worker.submit(greet)).toBe('hello you')
      for (const call of [
        () => mode.worker.submit(),
        () => mode.worker.submit(5),
        () => mode.worker.submit(undefined),
        () => mode.worker.call(square, 5),
        () => mode.worker.map([1, 2]),
      ]) {
        expect(call).toThrow(TypeError)
        expect(call).toThrow(/has no function: pass one as the first argument/)
      }
    })
  })

  describe('a bound function', () => {
    const options = { ...mode.where, maxWorkers: 1 }
    const asTask = task(echo, options) as unknown as TaskFunction
    afterAll(() => asTask.stop())
    const ways = [
      ['called', asTask],
      ['submitted', asTask.submit],
    ] as const

    it.each(ways)('takes whatever is no function as its data, %s', async (_, call) => {
      expect(await call(1, 'two')).toEqual([1, 'two'])
      expect(await call(undefined)).toEqual([undefined])
      expect(await call(null)).toEqual([null])
      expect(await call(undefined, null)).toEqual([undefined, null])
      expect(await call({ call: 1 })).toEqual([{ call: 1 }])
      expect(await call()).toEqual([])
    })

    it.each(ways)('makes way for a function that comes first, %s', async (_, call) => {
      const override = call as (...args: unknown[]) => TaskHandle<unknown>
      expect(await override(square, 5)).toBe(25)
      expect(await override(greet)).toBe('hello you')
      expect(await override(add, 2, 3)).toBe(5)
      expect(await override(5)).toEqual([5])
    })

    it('makes way also when its options give it a name', async () => {
      const named = await mode.start({ fn: square, name: 'square', maxWorkers: 1 })
      expect(await named.submit(add, 2, 3)).toBe(5)
      expect(await named.submit(3)).toBe(9)
      const other = named.submit(greet, 'a')
      expect(await other).toBe('hello a')
      expect(other.name).toBe('greet')
    })

    it('gets functions as data by `call`', async () => {
      const bound = await mode.start({ fn: kindOf, maxWorkers: 1 })
      if (mode.inLoop) expect(await bound.call(square)).toBe('function')
      else expect(await failureOf(bound.call(square))).toMatchObject({ code: 'ERR_SERIALIZATION' })
      if (mode.inLoop) expect(await asTask.call(square)).toEqual([square])
      else expect(await failureOf(asTask.call(square))).toMatchObject({ code: 'ERR_SERIALIZATION' })
      expect(await bound.call(undefined)).toBe('undefined')
    })
  })

  describe('arguments', () => {
    it('arrive as they are: none, many, and undefined where it was', async () => {
      expect(await mode.worker.submit(echo)).toEqual([])
      expect(await mode.worker.submit(echo, undefined)).toHaveLength(1)
      expect(await mode.worker.submit(echo, 1, undefined, null, '', false, Number.NaN)).toStrictEqual([
        1,
        undefined,
        null,
        '',
        false,
        Number.NaN,
      ])
      const many = Array.from({ length: 200 }, (_, n) => n)
      expect(await mode.worker.submit(echo, ...many)).toEqual(many)
    })

    it('meet default and rest parameters', async () => {
      expect(await mode.worker.submit(greet)).toBe('hello you')
      expect(await mode.worker.submit(greet, undefined, 'b')).toBe('hello you, b')
      expect(await mode.worker.submit(greet, 'a', 'b', 'c')).toBe('hello a, b, c')
    })

    it.each([
      ['a Uint8Array', new Uint8Array([1, 2, 3]), 'Uint8Array of 3'],
      ['a part of another one', new Uint8Array([1, 2, 3]).subarray(1), 'Uint8Array of 2'],
    ])('may be %s', async (_, bytes, described) => {
      expect(await mode.worker.submit(describeBytes, bytes)).toBe(described)
    })

    it('are awaited when they are handles, in a list or an object too', async () => {
      const handles = [mode.worker.submit(square, 2), mode.worker.submit(square, 3)] as const
      expect(await mode.worker.submit(echo, handles[0], 1)).toEqual([4, 1])
      expect(await mode.worker.submit(echo, [handles[0], 'x', handles[1]])).toEqual([[4, 'x', 9]])
      expect(await mode.worker.submit(echo, { a: handles[0], b: [1] })).toEqual([{ a: 4, b: [1] }])
      expect(handles[0]).toMatchObject({ status: 'done' })
    })

    it('stay with the caller', async () => {
      const value = { list: [1], bytes: new Uint8Array(3) }
      await mode.worker.submit(echo, value)
      expect(value).toEqual({ list: [1], bytes: new Uint8Array(3) })
    })
  })

  describe('a result', () => {
    const cyclic: { self?: unknown; readonly list: readonly unknown[] } = { list: [1, undefined, { a: undefined }] }
    cyclic.self = cyclic
    it.each([
      ['undefined', undefined],
      ['null', null],
      ['a number', -0],
      ['NaN', Number.NaN],
      ['a bigint', 12n],
      ['a boolean', false],
      ['an empty string', ''],
      ['a string', 'ä🎉'],
      ['an empty array', []],
      ['an array with undefined inside', [1, undefined, { a: undefined }]],
      ['an object', { a: { b: [1, { c: null }] } }],
      ['a Map', new Map<unknown, unknown>([['a', new Set([1])]])],
      ['a Set', new Set([undefined, { a: 1 }])],
      ['a Date', new Date(0)],
      ['a RegExp', /a+/giu],
      ['a typed array', new Float64Array([0.5, -0])],
      ['an ArrayBuffer', new Uint8Array([1, 2]).buffer],
      ['a cycle', cyclic],
      ['an error', new RangeError('returned, not thrown')],
    ])('may be %s', async (_, value) => {
      expect(await mode.worker.submit(same, value)).toStrictEqual(value)
    })

    it('may be large', async () => {
      const text = 'x'.repeat(5_000_000)
      expect((await mode.worker.submit(same, text)).length).toBe(5_000_000)
    })
  })

  it('runs where a manager is already running it all', async () => {
    const manager = await TaskManager.start()
    expect(await manager.spawn(() => mode.worker.submit(square, 4))).toBe(16)
    await manager.close()
  })
}
