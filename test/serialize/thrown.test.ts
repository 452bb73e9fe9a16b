import { types } from 'node:util'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import {
  ManagerClosedError,
  RetryValidationError,
  TaskGroupError,
  TaskScopeError,
  TaskTimeoutError,
} from '../../src/base/errors.ts'
import { type Carry, type ErrorClasses, plainThrown, revivedThrown } from '../../src/serialize/thrown.ts'

/** The ways in which plain data travels: what may travel alone, and the whole of it. */
interface Way {
  readonly carry: Carry
  readonly send: <T>(data: T) => T
}

function throughJson<T>(value: T): T {
  const json = JSON.stringify(value)
  if (json === undefined && value !== undefined) throw new TypeError('JSON has no such value')
  return json === undefined ? value : JSON.parse(json)
}

const JSON_FILE: Way = { carry: throughJson, send: throughJson }
const MESSAGE: Way = { carry: value => structuredClone(value), send: data => structuredClone(data) }

function sent(thrown: unknown, { carry, send }: Way, classes?: ErrorClasses): unknown {
  return revivedThrown(send(plainThrown(thrown, carry)), classes)
}

function sentError<E extends Error>(thrown: E, way: Way, classes?: ErrorClasses): E {
  return sent(thrown, way, classes) as E
}

describe.each([
  ['JSON', JSON_FILE],
  ['structured clone', MESSAGE],
] as const)('an error carried by %s', (_, way) => {
  it.each([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])('is a %o again', type => {
    const error = new type('what happened')
    const revived = sentError(error, way)
    expect(revived).toBeInstanceOf(type)
    expect(Object.getPrototypeOf(revived)).toBe(type.prototype)
    expect(revived).toMatchObject({ name: type.name, message: 'what happened', stack: error.stack })
    expect(types.isNativeError(revived)).toBe(true)
  })

  it('shows no more fields of its own than it did', () => {
    expect(Object.keys(sentError(new Error('a', { cause: 'b' }), way))).toEqual([])
  })

  it('is one of ours again, with its fields', () => {
    const revived = sentError(new TaskTimeoutError('too slow', 250), way)
    expect(revived).toBeInstanceOf(TaskTimeoutError)
    expect(revived).toMatchObject({ name: 'TaskTimeoutError', code: 'ERR_TASK_TIMEOUT', limit: 250 })
  })

  it('keeps its own fields', () => {
    const error = Object.assign(new Error('no such file'), { code: 'ENOENT', errno: -2, dest: { path: ['/a'] } })
    const revived = sentError(error, way)
    expect(Object.entries(revived)).toEqual([
      ['code', 'ENOENT'],
      ['errno', -2],
      ['dest', { path: ['/a'] }],
    ])
  })

  it('leaves out the fields that cannot be carried, and those that cannot be read', () => {
    const error = Object.assign(new Error('a'), { retry: () => {}, code: 'E' })
    Object.defineProperty(error, 'secret', {
      enumerable: true,
      get() {
        throw new Error('not for you')
      },
    })
    expect(Object.entries(sentError(error, way))).toEqual([['code', 'E']])
  })

  it('keeps a field by the name of __proto__ as a field', () => {
    const error = new Error('a')
    Object.defineProperty(error, '__proto__', { value: { injected: true }, enumerable: true })
    const revived = sentError(error, way)
    expect(Object.getPrototypeOf(revived)).toBe(Error.prototype)
    expect(Object.getOwnPropertyDescriptor(revived, '__proto__')?.value).toEqual({ injected: true })
  })

  it('keeps the name it gave itself', () => {
    const error = new Error('a')
    error.name = 'ValidationError'
    expect(sentError(error, way).name).toBe('ValidationError')
  })

  it('keeps the chain of its causes', () => {
    const error = new Error('outer', { cause: new ManagerClosedError('inner', { cause: 'text' }) })
    const { cause } = sentError(error, way)
    expect(cause).toBeInstanceOf(ManagerClosedError)
    expect(cause).toMatchObject({ message: 'inner', code: 'ERR_MANAGER_CLOSED', cause: 'text' })
  })

  it('tells a cause of undefined from none', () => {
    expect('cause' in sentError(new Error('a', { cause: undefined }), way)).toBe(true)
    expect('cause' in sentError(new Error('a'), way)).toBe(false)
  })

  it('keeps the members of an aggregate, errors or not', () => {
    const revived = sentError(new AggregateError([new TypeError('first'), 'second', undefined], 'all'), way)
    expect(revived).toBeInstanceOf(AggregateError)
    expect(revived.errors).toEqual([new TypeError('first'), 'second', undefined])
    expect(revived.errors[0]).toBeInstanceOf(TypeError)
  })

  it('keeps the failures of a group', () => {
    const revived = sentError(new TaskGroupError('2 failed', [new RangeError('first'), 'second']), way)
    expect(revived).toBeInstanceOf(TaskGroupError)
    expect(revived.errors).toEqual([new RangeError('first'), 'second'])
    expect(revived.cause).toEqual(new RangeError('first'))
  })

  it('has each of its parts written once', () => {
    const error = new TaskGroupError('1 failed', [new RangeError('first')])
    error.name = 'FetchGroupError'
    const plain = plainThrown(error, way.carry)
    expect(plain).not.toHaveProperty('error.thrown')
    expect(plain).toHaveProperty('error.fields', { code: 'ERR_TASK_GROUP' })
  })

  it('may come from another realm', () => {
    const revived = sentError(runInNewContext('new TypeError("of another realm")'), way)
    expect(revived).toBeInstanceOf(TypeError)
    expect(revived.message).toBe('of another realm')
  })

  it('keeps the errors among its other fields', () => {
    const error = new RetryValidationError('gave up', 2, ['a', 'b'], [new RangeError('too short'), 'too long'])
    const inner = Object.assign(new Error('outer'), { inner: new TypeError('inner') })
    expect(sentError(error, way)).toMatchObject({ attempts: 2, results: ['a', 'b'] })
    expect(sentError(error, way).reasons).toEqual([new RangeError('too short'), 'too long'])
    expect(sentError(error, way).reasons[0]).toBeInstanceOf(RangeError)
    expect(sentError(inner, way).inner).toBeInstanceOf(TypeError)
  })

  it('is a DOMException again, with what that says of itself', () => {
    const { reason } = AbortSignal.abort()
    const revived = sentError(reason, way)
    expect(revived).toBeInstanceOf(DOMException)
    expect(revived).toMatchObject({ name: 'AbortError', message: reason.message, code: reason.code })
    expect(revived.stack).toBe(reason.stack)
  })

  it('becomes a DOMException when its class extends that and is not known', () => {
    class QuotaError extends DOMException {}
    expect(sentError(new QuotaError('full', 'QuotaExceededError'), way)).toBeInstanceOf(DOMException)
  })

  it('becomes what the first of its classes that is known makes it', () => {
    class PaymentError extends TypeError {
      override name = 'PaymentError'
      readonly amount: number

      constructor(amount: number) {
        super('no money')
        this.amount = amount
      }
    }
    class CardError extends PaymentError {}
    const error = new CardError(12)
    const known = new Map([['PaymentError', PaymentError]])
    expect(sentError(error, way)).not.toBeInstanceOf(PaymentError)
    expect(sentError(error, way)).toBeInstanceOf(TypeError)
    expect(sentError(error, way, known)).toBeInstanceOf(PaymentError)
    expect(sentError(error, way, known)).toMatchObject({ name: 'PaymentError', amount: 12, message: 'no money' })
  })

  it('stays a TaskScopeError when it is a kind of its own', () => {
    class OutOfPaperError extends TaskScopeError {
      readonly code = 'ERR_OUT_OF_PAPER'
    }
    const revived = sentError(new OutOfPaperError('no paper'), way)
    expect(revived).toBeInstanceOf(TaskScopeError)
    expect(revived.code).toBe('ERR_OUT_OF_PAPER')
  })

  it('does without the names of classes that have none', () => {
    class Nameless extends RangeError {
      static override readonly name = (() => {}) as unknown as string
    }
    expect(sentError(new Nameless('a'), way)).toBeInstanceOf(RangeError)
  })

  it('ends where it is a part of itself', () => {
    const error = new AggregateError([], 'loop')
    error.cause = error
    error.errors.push(error, new Error('other', { cause: error }))
    const revived = sentError(error, way)
    const end = 'AggregateError: loop (left out: it is a part of itself)'
    expect(revived.cause).toBe(end)
    expect(revived.errors).toEqual([end, new Error('other')])
    expect(revived.errors[1].cause).toBe(end)
  })

  it('ends a chain of causes that nobody would read on', () => {
    let error: unknown = new Error('the end')
    for (let depth = 0; depth < 1_000; depth++) error = new Error('a link', { cause: error })
    let depth = 0
    for (error = sent(error, way); error instanceof Error; error = error.cause) depth++
    expect(depth).toBe(16)
    expect(error).toBe('Error: a link (left out: there is too much of it)')
  })

  it('ends what grows without bounds because its parts are shared', () => {
    let error: unknown = new Error('the end')
    for (let depth = 0; depth < 15; depth++) error = new AggregateError(Array(10).fill(error), 'ten times')
    const members = JSON.stringify(plainThrown(error, way.carry)).match(/"classes"/g)
    expect(members).toHaveLength(10_001)
  })

  it('is described when it cannot be read at all', () => {
    const error = new Proxy(new Error('a'), {
      ownKeys() {
        throw new Error('not for you')
      },
    })
    expect(sent(error, way)).toBe('Error: a (left out: it could not be read)')
  })

  it('does without a name, a message and a stack that cannot be read', () => {
    const error = new RangeError('a')
    for (const key of ['name', 'message', 'stack', 'cause', 'errors']) {
      Object.defineProperty(error, key, {
        get() {
          throw new Error('not for you')
        },
      })
    }
    expect(sent(error, way)).toBeInstanceOf(RangeError)
  })
})

describe.each([
  ['JSON', JSON_FILE],
  ['structured clone', MESSAGE],
] as const)('another value that was thrown, carried by %s', (_, way) => {
  it.each([['text'], [42], [null], [undefined], [false], [{ error: 'of a service', value: 1 }], [[1, 2]]])(
    '%o comes back as it was',
    thrown => {
      expect(sent(thrown, way)).toEqual(thrown)
    },
  )

  it.each([
    ['function stop', function stop() {}],
    ['Symbol(stop)', Symbol('stop')],
  ])('%s is described', (description, thrown) => {
    expect(sent(thrown, way)).toBe(`a value that could not be carried: ${description}`)
  })

  it('is described when it cannot even be read', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(sent(proxy, way)).toBe(`a value that could not be carried: an object that can't be read`)
  })
})

describe('what is described depends on the way', () => {
  it('JSON has no big integers', () => {
    expect(sent(12n, JSON_FILE)).toBe('a value that could not be carried: 12n')
    expect(sent(12n, MESSAGE)).toBe(12n)
  })
})
