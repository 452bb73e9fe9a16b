import { call, resource, run, sleep, suspend } from 'effection'
import { describe, expect, it } from 'vitest'
import { isOperation } from '../../src/base/operation.ts'

describe('isOperation', () => {
  it.each<[string, object]>([
    ['a generator object', (function* () {})()],
    ['call', call(() => 1)],
    ['sleep', sleep(1)],
    ['suspend', suspend()],
    [
      'resource',
      resource(function* (provide) {
        yield* provide(1)
      }),
    ],
    ['a task', run(() => sleep(0))],
    ['an object with a generator method for its iterator', { *[Symbol.iterator]() {} }],
  ])('is true for %s', (_, value) => {
    expect(isOperation(value)).toBe(true)
  })

  it.each<[string, object]>([
    ['an array', []],
    ['a Map', new Map()],
    ['a Set', new Set()],
    ['a typed array', new Uint8Array(1)],
    ['an array iterator', [].values()],
    ['a Map iterator', new Map().entries()],
    ['an iterator helper', [1].values().map(n => n)],
    ['an object', {}],
    ['a promise', Promise.resolve()],
    ['an async generator object', (async function* () {})()],
    ['a function', () => {}],
  ])('is false for %s', (_, value) => {
    expect(isOperation(value)).toBe(false)
  })

  it('never calls the iterator, which may have effects', () => {
    let called = false
    isOperation({
      [Symbol.iterator]() {
        called = true
        return [].values()
      },
    })
    expect(called).toBe(false)
  })
})
