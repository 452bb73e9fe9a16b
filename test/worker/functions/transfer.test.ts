import { afterAll, describe, expect, it } from 'vitest'
import { packValue } from '../../../src/worker/functions/carry.ts'
import { referTo } from '../../../src/worker/functions/refer-to.ts'
import { transfer } from '../../../src/worker/functions/transfer.ts'
import { TestWorker } from './test-worker.ts'

const workers = { thread: new TestWorker('thread'), process: new TestWorker('process') }
afterAll(() => Promise.all([workers.thread.stop(), workers.process.stop()]))

const MODULE = new URL('../../fixtures/worker/bytes.ts', import.meta.url)
const size = referTo((bytes: Uint8Array) => bytes.byteLength)

describe('a value that is moved', () => {
  it('is the same value on this side', () => {
    const bytes = new Uint8Array(8)
    expect(transfer(bytes, [bytes.buffer])).toBe(bytes)
  })

  it('leaves nothing behind when it went to a thread', async () => {
    const bytes = new Uint8Array(1000)
    expect(await workers.thread.call(size, transfer(bytes, [bytes.buffer]))).toBe(1000)
    expect(bytes.buffer.detached).toBe(true)
  })

  it('may be a member of an argument', async () => {
    const bytes = new Uint8Array(1000)
    const sizeOf = referTo(({ part }: { part: Uint8Array }) => part.byteLength)
    expect(await workers.thread.call(sizeOf, { part: transfer(bytes, [bytes.buffer]) })).toBe(1000)
    expect(bytes.buffer.detached).toBe(true)
  })

  it('is copied on its way to a process', async () => {
    const bytes = new Uint8Array(1000)
    expect(await workers.process.call(size, transfer(bytes, [bytes.buffer]))).toBe(1000)
    expect(bytes.byteLength).toBe(1000)
  })

  it.each(['thread', 'process'] as const)('comes back as a result from a %s', async kind => {
    const call = (name: string, ...args: unknown[]) =>
      workers[kind].call({ kind: 'module', url: MODULE.href, name }, ...args)
    expect(await call('moved', 1000)).toEqual(new Uint8Array(1000).fill(7))
    expect(await call('leftBehind')).toBe(kind === 'thread' ? 0 : 1000)
  })

  it('may be a port', async () => {
    const { port1, port2 } = new MessageChannel()
    const received = new Promise(resolve => port2.addEventListener('message', resolve, { once: true }))
    port2.start()
    const post = referTo((port: InstanceType<typeof MessagePort>) => port.postMessage('hello'))
    await workers.thread.call(post, transfer(port1, [port1 as never]))
    expect(await received).toMatchObject({ data: 'hello' })
    port2.close()
  })

  it('is listed once, wherever it is', () => {
    const bytes = new Uint8Array(8)
    const marked = transfer(bytes, [bytes.buffer])
    expect(packValue([marked, { marked }, transfer({ bytes }, [bytes.buffer])]).transfer).toEqual([bytes.buffer])
  })

  it('has the list that it was marked with', () => {
    const bytes = new Uint8Array(8)
    const list = [bytes.buffer]
    transfer(bytes, list)
    list.pop()
    expect(packValue(bytes).transfer).toEqual([bytes.buffer])
  })

  it('is not listed unless it was marked', () => {
    expect(packValue([new Uint8Array(8), new ArrayBuffer(8)]).transfer).toEqual([])
  })
})

describe('transfer refuses', () => {
  const bytes = new Uint8Array(8)

  it.each([
    ['a value that is no object', 5, [], /value must be an object, got 5/],
    ['a function', () => 1, [], /value must be an object/],
    ['a list that is none', bytes, bytes.buffer, /list must be an array/],
    ['bytes in place of their buffer', bytes, [bytes], /list\[0\] .* an instance of Uint8Array: pass its `buffer`/],
    ['shared memory', bytes, [new SharedArrayBuffer(1)], /it is shared, leave it out/],
    ['what can never be moved', bytes, [bytes.buffer, 5], /list\[1\] must be an ArrayBuffer/],
  ])('%s', (_, value, list, message) => {
    const call = () => transfer(value as object, list as never)
    expect(call).toThrow(TypeError)
    expect(call).toThrow(message)
  })
})
