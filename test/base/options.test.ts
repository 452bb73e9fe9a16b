import { describe, expect, it } from 'vitest'
import {
  abortSignal,
  boolean,
  callback,
  capacity,
  count,
  duration,
  oneOf,
  optionsObject,
  ordering,
  show,
  string,
} from '../../src/base/options.ts'

type Check = (option: string, value: never) => unknown

/** Both lists as a user could write them, whatever the types say. */
function expectRefused(check: Check, wrongTypes: readonly unknown[], wrongValues: readonly unknown[]) {
  const refuse = (value: unknown) => expect(() => check('theOption', value as never), show(value))
  for (const value of wrongTypes) refuse(value).toThrow(TypeError)
  for (const value of wrongValues) refuse(value).toThrow(RangeError)
  for (const value of [...wrongTypes, ...wrongValues]) {
    refuse(value).toThrow(/^theOption must be /)
    refuse(value).toThrow(`, got ${show(value)}`)
  }
}

function expectTaken(check: Check, values: readonly unknown[]) {
  for (const value of values) expect(check('theOption', value as never)).toBe(value)
}

const NOT_NUMBERS = [undefined, null, '5', true, 5n, {}, [], () => 5]

describe('show', () => {
  it.each([
    ['text', '"text"'],
    ['two\nlines', '"two\\nlines"'],
    ['x'.repeat(60), `"${'x'.repeat(60)}"`],
    ['x'.repeat(61), `"${'x'.repeat(60)}…"`],
    [undefined, 'undefined'],
    [null, 'null'],
    [Number.NaN, 'NaN'],
    [-0.5, '-0.5'],
    [7n, '7n'],
    [Symbol('mark'), 'Symbol(mark)'],
    [function named() {}, 'function named'],
    [(() => () => {})(), 'a function'],
    [[1, 2], 'an array'],
    [{ a: 1 }, 'an object'],
    [Object.create(null), 'an object'],
    [new Map(), 'an instance of Map'],
  ])('shows %o', (value, shown) => {
    expect(show(value)).toBe(shown)
  })
})

describe('duration', () => {
  it('takes zero, fractions, more than a timer can wait, and Infinity', () => {
    expectTaken(duration, [0, 0.5, 1_000, 2 ** 31, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])
  })

  it('refuses everything else', () => {
    expectRefused(duration, NOT_NUMBERS, [-1, -0.001, Number.NaN, Number.NEGATIVE_INFINITY])
  })

  it('says what it wants, by name, rule and value', () => {
    expect(() => duration('timeout', -5)).toThrow(
      'timeout must be a number of milliseconds, zero or more (Infinity: no limit), got -5',
    )
  })
})

describe('capacity', () => {
  it('takes positive integers and Infinity', () => {
    expectTaken(capacity, [1, 35, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])
  })

  it('refuses everything else', () => {
    const wrong = [0, -1, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1]
    expectRefused(capacity, NOT_NUMBERS, wrong)
  })
})

describe('count', () => {
  it('takes zero, positive integers and Infinity', () => {
    expectTaken(count, [0, 1, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])
  })

  it('refuses everything else', () => {
    const wrong = [-1, 0.5, Number.NaN, Number.NEGATIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1]
    expectRefused(count, NOT_NUMBERS, wrong)
  })
})

describe('ordering', () => {
  it('takes any number, infinite ones too', () => {
    expectTaken(ordering, [0, -3, 0.25, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
  })

  it('refuses everything else', () => {
    expectRefused(ordering, NOT_NUMBERS, [Number.NaN])
  })
})

describe('optionsObject', () => {
  it('takes an object, an instance, or none', () => {
    expectTaken(optionsObject, [undefined, {}, { maxTasks: 1 }, new (class Options {})()])
  })

  it('refuses everything else', () => {
    expectRefused(optionsObject, [null, 5, 'text', true, [], () => {}], [])
  })
})

describe('string', () => {
  it('takes strings, the empty one too', () => {
    expectTaken(string, ['', 'name'])
  })

  it('refuses everything else', () => {
    expectRefused(string, [undefined, null, 5, {}, Symbol('name')], [])
  })
})

describe('boolean', () => {
  it('takes true and false', () => {
    expectTaken(boolean, [true, false])
  })

  it('refuses everything else', () => {
    expectRefused(boolean, [undefined, null, 0, 1, 'true'], [])
  })
})

describe('callback', () => {
  it('takes functions of every kind', () => {
    expectTaken(callback, [() => {}, async () => {}, function* () {}, class {}])
  })

  it('refuses everything else', () => {
    expectRefused(callback, [undefined, null, {}, 'text', Promise.resolve()], [])
  })
})

describe('oneOf', () => {
  const pending: Check = (option, value) => oneOf(option, ['run', 'cancel'], value)

  it('takes each choice', () => {
    expectTaken(pending, ['run', 'cancel'])
  })

  it('refuses everything else, and lists the choices', () => {
    expectRefused(pending, [undefined, null, true, 1, ['run']], ['', 'Run', 'runcancel'])
    expect(() => pending('pending', 'stop' as never)).toThrow(`pending must be one of 'run', 'cancel', got "stop"`)
  })
})

describe('abortSignal', () => {
  it('takes a signal, aborted or not', () => {
    expectTaken(abortSignal, [new AbortController().signal, AbortSignal.abort()])
  })

  it('takes one of another make, by its shape', () => {
    expectTaken(abortSignal, [Object.assign(Object.create(null), { aborted: false, addEventListener() {} })])
  })

  it('refuses everything else', () => {
    expectRefused(abortSignal, [undefined, null, {}, new EventTarget(), new AbortController(), { aborted: true }], [])
  })
})
