import { afterAll, describe, expect, it } from 'vitest'
import { SerializationError } from '../../../src/base/errors.ts'
import { packValue } from '../../../src/worker/functions/carry.ts'
import { carryFailure } from '../../../src/worker/functions/carry-failure.ts'
import { referTo } from '../../../src/worker/functions/refer-to.ts'
import { transfer } from '../../../src/worker/functions/transfer.ts'
import { failureOf } from '../../work.ts'
import { TestWorker } from './test-worker.ts'

const workers = { thread: new TestWorker('thread'), process: new TestWorker('process') }
afterAll(() => Promise.all([workers.thread.stop(), workers.process.stop()]))

const square = referTo(function square(x: number) {
  return x * x
})

type Kind = 'thread' | 'process'

/** What the call of a function fails with when these are its arguments. */
async function refusal(args: readonly unknown[], kind: Kind = 'thread'): Promise<SerializationError> {
  const error = await failureOf((async () => workers[kind].call(square, ...args))())
  expect(error).toBeInstanceOf(SerializationError)
  expect((error as Error).cause).toBeInstanceOf(Error)
  return error as SerializationError
}

class Client {
  readonly options = { retries: 1 }
  readonly send = () => 1
}

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(8)
  structuredClone(buffer, { transfer: [buffer] })
  return buffer
}

function* generate() {
  yield 1
}

const cyclic: Record<string, unknown> = { first: {} }
Object.assign(cyclic, { first: { parent: cyclic }, second: [() => 1] })

const behindAnInstance: Record<string, unknown> = {}
Object.assign(behindAnInstance, {
  client: Object.assign(new (class Link {})(), { parent: behindAnInstance }),
  bad: () => 1,
})

describe('an argument that can not be carried', () => {
  it('is named with its place and the remedy', async () => {
    const { message } = await refusal([1, { options: { onDone: () => 1 } }])
    expect(message).toBe(
      "argument 2 of square, at .options.onDone, is a function, which can't be carried to another thread: " +
        'pass data, and let the function import what it calls',
    )
  })

  it.each<[string, unknown, string]>([
    ['itself', () => 1, 'argument 1 of square is a function'],
    ['a symbol', [Symbol('s')], 'at [0], is a symbol'],
    ['under any key', { 'on done': () => 1 }, 'at ["on done"], is a function'],
    ['in a Map', new Map([['a', { b: () => 1 }]]), 'at .get("a").b, is a function'],
    ['as the key of a Map', new Map([[() => 1, 1]]), 'at .keys()[0], is a function'],
    ['in a Set', new Set([1, () => 1]), 'at .values()[1], is a function'],
    ['in an instance', { client: new Client() }, 'at .client.send, is a function'],
    [
      'in the cause of an error far inside',
      [[[new Error('e', { cause: () => 1 })]]],
      'at [0][0][0].cause, is a function',
    ],
    ['behind a cycle', cyclic, 'at .second[0], is a function'],
    ['behind an instance that refers back', behindAnInstance, 'at .bad, is a function'],
    ['a Proxy', { state: new Proxy({}, {}) }, 'at .state, is a Proxy'],
    ['a WeakMap', { cache: new WeakMap() }, 'at .cache, is a WeakMap'],
    ['a WeakRef', new WeakRef({}), 'is a WeakRef'],
    ['a Promise', [Promise.resolve(1)], 'at [0], is a Promise'],
    ['a generator', generate(), 'is a Generator'],
    ['an AbortSignal', { signal: AbortSignal.abort() }, 'at .signal, is an AbortSignal'],
    ['a URL', new URL('http://x'), 'is a URL'],
    ['a boxed symbol', { boxed: Object(Symbol('s')) }, 'at .boxed, is a Symbol'],
    [
      'a getter',
      {
        get x() {
          throw new RangeError('boo')
        },
      },
      'at .x, is a property whose getter throws (boo)',
    ],
    ['an instance', { at: new (class Point {})() }, 'at .at, is an instance of Point'],
    ['bytes that were moved away', detached(), 'is an ArrayBuffer that has been moved away already'],
    ['a number format', { format: new Intl.NumberFormat() }, 'at .format, is a NumberFormat'],
  ])('is found: %s', async (_, argument, message) => {
    for (const kind of ['thread', 'process'] as const)
      expect((await refusal([argument], kind)).message).toContain(message)
  })

  it('says how a signal, a promise and a port get there', async () => {
    expect((await refusal([AbortSignal.abort()])).message).toContain('currentTask().signal')
    expect((await refusal([Promise.resolve(1)])).message).toContain('await it first')
    const { port1 } = new MessageChannel()
    expect((await refusal([{ port1 }])).message).toMatch(/at \.port1, is a MessagePort, .*transfer\(value, \[it\]\)/)
    port1.close()
  })

  it('is shared memory only for a process', async () => {
    const shared = new SharedArrayBuffer(8)
    expect((await refusal([{ shared }], 'process')).message).toMatch(
      /at \.shared, is a SharedArrayBuffer, which can't be carried to another process: processes share no memory/,
    )
    expect((await refusal([{ shared, bad: () => 1 }], 'thread')).message).toContain('at .bad')
  })

  it('is not what moves', async () => {
    const bytes = new Uint8Array(8)
    const { port1 } = new MessageChannel()
    const argument = transfer({ bytes, port1, bad: () => 1 }, [bytes.buffer, port1 as never])
    expect((await refusal([argument])).message).toContain('at .bad, is a function')
    expect(bytes.byteLength).toBe(8)
    const format = new Intl.NumberFormat()
    expect((await refusal([transfer({ port1, format }, [port1 as never])])).message).toContain(
      'at .format, is a Number',
    )
    expect((await refusal([transfer({ port1 }, [port1 as never])], 'process')).message).toContain(
      'at .port1, is a Message',
    )
    port1.close()
  })

  it('is bytes that are passed twice', async () => {
    const bytes = new Uint8Array(8)
    await workers.thread.call(square, transfer(bytes, [bytes.buffer]))
    expect((await refusal([bytes])).message).toMatch(/at \.buffer, is an ArrayBuffer that has been moved away already/)
  })

  it('fails its own call alone', async () => {
    const other = workers.thread.call(square, 5)
    await refusal([() => 1])
    expect(await other).toBe(25)
  })
})

describe('a result that can not be carried', () => {
  it.each(['thread', 'process'] as const)('is named with its place in a %s', async kind => {
    const connect = referTo(function connect() {
      return [{ close: () => 1 }]
    })
    const error = await failureOf(workers[kind].call(connect))
    expect(error).toBeInstanceOf(SerializationError)
    expect(error).toMatchObject({
      message: expect.stringContaining(
        `the result of connect, at [0].close, is a function, which can't be carried to another ${kind}`,
      ),
    })
  })
})

describe('where the search finds nothing', () => {
  it('the reason is what structured clone said', () => {
    const cause = new DOMException('odd', 'DataCloneError')
    const error = carryFailure([1], cause, { of: 'arguments', name: '', to: 'thread' })
    expect(error.message).toBe("the arguments of the anonymous function can't be carried to another thread: odd")
    expect(error.cause).toBe(cause)
  })

  it('because it is nested too deep, it says so', () => {
    let deep: unknown = () => 1
    for (let level = 0; level < 100_000; level += 1) deep = [deep]
    let cause: unknown
    try {
      packValue(deep)
    } catch (error) {
      cause = error
    }
    expect(carryFailure(deep, cause, { of: 'result', name: 'dig', to: 'thread' }).message).toMatch(
      /the result of dig can't be carried to another thread: it is nested more than 1,000 deep/,
    )
  })
})
