import { describe, expect, it } from 'vitest'
import { SerializationError } from '../../../src/base/errors.ts'
import { registerErrors } from '../../../src/worker/functions/error-classes.ts'
import { transfer } from '../../../src/worker/functions/transfer.ts'
import { QuotaError } from '../../fixtures/worker-functions.ts'
import { failure, KINDS, run, runSource } from './hosts.ts'

describe.each(KINDS)('an error from a %s', (_kind, _start, shared) => {
  const common = shared()

  it('has its fields, its stack and its chain of causes', async () => {
    const error = await failure(run(common(), 'fail'))
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ name: 'QuotaError', message: 'too much', used: 7 })
    expect(error.stack).toContain('worker-functions.ts')
    expect(error.cause).toBeInstanceOf(TypeError)
    expect((error.cause as Error).cause).toMatchObject({ message: 'connect failed', code: 'ECONNREFUSED' })
  })

  it('has all members of an AggregateError', async () => {
    const error = await failure(run(common(), 'failTogether'))
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as unknown as AggregateError).errors).toMatchObject([{ message: 'one' }, { message: 'two', used: 2 }])
  })

  it('is of its class when that was registered', async () => {
    registerErrors(QuotaError)
    expect(await failure(run(common(), 'fail'))).toBeInstanceOf(QuotaError)
  })

  it('may be no error at all', async () => {
    const host = common()
    expect(await failure(run(host, 'throwValue', ['text']))).toBe('text')
    expect(await failure(run(host, 'throwValue', [undefined]))).toBeUndefined()
  })
})

describe.each(KINDS)('a value to or from a %s', (kind, _start, shared) => {
  const common = shared()

  it('fails its call alone when it is an argument that cannot be carried', async () => {
    const host = common()
    const beside = run(host, 'later', ['fine'])
    const error = await failure(run(host, 'echo', [() => {}]))
    expect(error).toBeInstanceOf(SerializationError)
    expect(error.message).toContain('echo')
    expect(await beside).toBe('fine')
    expect(await run(host, 'echo', [1])).toEqual([1])
  })

  it('fails its call alone when it is a result that cannot be carried', async () => {
    const host = common()
    const beside = run(host, 'later', ['fine'])
    for (const name of ['uncloneable', 'asyncUncloneable']) {
      const error = await failure(run(host, name))
      expect(error).toBeInstanceOf(SerializationError)
      expect(error.message).toContain(name)
    }
    expect(await beside).toBe('fine')
  })

  it('fails its call alone when it is nested too deep, in an error too', async () => {
    const host = common()
    const beside = run(host, 'later', ['fine'])
    const nest = 'let deep = []; for (let level = 0; level < depth; level += 1) deep = [deep];'
    for (const depth of [4_000, 10_000]) {
      const error = await failure(runSource(host, `function nested(depth) { ${nest} return deep }`, depth))
      expect(error).toBeInstanceOf(SerializationError)
      expect(error.message).toContain('nested more than 1,000 deep')
      const thrown = `function nested(depth) { ${nest} throw Object.assign(new Error('mine'), { deep, code: 'E' }) }`
      expect(await failure(runSource(host, thrown, depth))).toMatchObject({ message: 'mine', code: 'E' })
    }
    expect(await beside).toBe('fine')
  })

  it('may have 100 MB', async () => {
    const host = common()
    const bytes = (await run(host, 'big', [100])) as Uint8Array
    expect([bytes.byteLength, bytes.at(-1)]).toEqual([100 * 1024 * 1024, 42])
    expect(await run(host, 'size', [bytes])).toEqual({ length: 100 * 1024 * 1024, last: 42 })
  })

  it('has the bytes of its views to itself', async () => {
    const views = [
      Buffer.from('text'),
      new Uint16Array([1, 2]),
      new Float64Array([0.5]),
      new DataView(new ArrayBuffer(3)),
    ]
    const [arrived] = (await run(common(), 'echo', [views])) as [ArrayBufferView[]]
    expect(arrived.map(view => [view.constructor, view.byteLength, view.buffer.byteLength])).toEqual(
      views.map(view => [view.constructor, view.byteLength, view.byteLength]),
    )
    expect(arrived).toEqual(views)
  })

  it('moves when it is transferred to a thread, and is copied to a process', async () => {
    const bytes = new Uint8Array([1, 2, 3])
    const result = (await run(common(), 'moved', [transfer(bytes, [bytes.buffer])])) as Uint8Array
    expect([...result]).toEqual([2, 4, 6])
    expect(bytes.byteLength).toBe(kind === 'thread' ? 0 : 3)
  })

  it('is shared memory where that is possible, and refused where it is not', async () => {
    const shared = new SharedArrayBuffer(4)
    const host = common()
    const outcome = run(host, 'increment', [shared])
    if (kind === 'process') return expect(await failure(outcome)).toBeInstanceOf(SerializationError)
    expect(await outcome).toBe(0)
    expect(await run(host, 'increment', [shared])).toBe(1)
    expect(new Int32Array(shared)[0]).toBe(2)
  })
})
