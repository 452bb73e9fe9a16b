import { Writable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { guardWrites, quietWrite } from '../../src/progress/write-guard.ts'

function stream() {
  const seen: string[] = []
  class Stream {
    write(text: string): boolean {
      if (typeof text !== 'string') throw new TypeError('no text')
      seen.push(text)
      return this instanceof Stream
    }
  }
  const observer = { before: () => void seen.push('<'), after: (chunk: unknown) => void seen.push(`${chunk}>`) }
  return { stream: new Stream(), observer, seen }
}

describe('guardWrites', () => {
  it('is told before and after each write, and changes nothing about it', () => {
    const { stream: guarded, observer, seen } = stream()
    const guard = guardWrites(guarded, observer)
    expect(guarded.write('a')).toBe(true)
    expect(seen).toEqual(['<', 'a', 'a>'])
    guard.release()
  })

  it('is told of the end of a write that throws, and lets it throw', () => {
    const { stream: guarded, observer, seen } = stream()
    const guard = guardWrites(guarded, observer)
    expect(() => guarded.write(1 as never)).toThrow('no text')
    expect(seen).toEqual(['<', '1>'])
    guard.release()
  })

  it('writes past itself', () => {
    const { stream: guarded, observer, seen } = stream()
    const guard = guardWrites(guarded, observer)
    guard.write('a')
    expect(seen).toEqual(['a'])
    guard.release()
  })

  it('leaves no trace', () => {
    const { stream: guarded, observer } = stream()
    guardWrites(guarded, observer).release()
    expect(Object.hasOwn(guarded, 'write')).toBe(false)
  })

  it('puts back what another has put in front before', () => {
    const { stream: guarded, observer } = stream()
    const before = Object.defineProperty(guarded, 'write', {
      value: () => true,
      configurable: true,
      writable: true,
      enumerable: false,
    })
    const own = Object.getOwnPropertyDescriptor(before, 'write')
    guardWrites(guarded, observer).release()
    expect(Object.getOwnPropertyDescriptor(guarded, 'write')).toEqual(own)
  })

  it('has no effect any more where another has put itself in front meanwhile', () => {
    const { stream: guarded, observer, seen } = stream()
    const guard = guardWrites(guarded, observer)
    const between = guarded.write
    guarded.write = text => between.call(guarded, text.toUpperCase())
    const later = guarded.write
    guard.release()
    expect(guarded.write).toBe(later)
    guarded.write('a')
    expect(seen).toEqual(['A'])
  })
})

describe('quietWrite', () => {
  it('bears a stream that fails long after, and tells so once it has closed a file', async () => {
    const stream = new Writable({
      write: (_chunk, _encoding, written) => void setImmediate(written, new Error('no space left')),
      destroy: (error, destroyed) => void setTimeout(destroyed, 10, error),
    })
    const warned = vi.spyOn(process, 'emitWarning')
    for (let line = 0; line < 30; line += 1) quietWrite(stream, `${line}\n`)
    await closed(stream)
    quietWrite(stream, 'after its end\n')
    expect(stream.errored).toMatchObject({ message: 'no space left' })
    expect(warned).not.toHaveBeenCalled()
    warned.mockRestore()
  })

  it('leaves the errors of a stream to those who listen', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, written) => written(new Error('gone')) })
    const heard = vi.fn()
    stream.on('error', heard)
    quietWrite(stream, 'line\n')
    await closed(stream)
    expect(heard).toHaveBeenCalledOnce()
    expect(stream.listeners('error')).toEqual([heard])
  })
})

/** Unlike `once` of Node it does not listen for errors. */
function closed(stream: Writable): Promise<void> {
  return new Promise(resolve => void stream.once('close', resolve))
}
