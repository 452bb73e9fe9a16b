import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import { Feed } from '../../src/inspector/feed.ts'
import { inspect } from '../../src/inspector.ts'
import { runVirtual } from '../../src/testing.ts'
import { until } from '../harness.ts'
import { get, opened } from './set-up.ts'

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
const nobody = new AbortController().signal

it('keeps one picture for a reader who does not read, and gives it a new one when it does', () =>
  runVirtual(async () => {
    let taken = 0
    const feed = new Feed(() => ({ taken: ++taken }))
    const slow = feed.open(nobody).getReader()
    const text = async () => new TextDecoder().decode((await slow.read()).value)
    await wait(60_000)
    expect(taken).toBe(1)
    expect(await text()).toContain('"taken":1')
    await wait(10_000)
    expect(taken).toBe(2)
    expect(await text()).toContain('"taken":2')
    feed.close()
  }))

it('makes one picture for all readers, and none when the last has left', () =>
  runVirtual(async () => {
    let taken = 0
    const feed = new Feed(() => ({ taken: ++taken }))
    const leaving = new AbortController()
    const readers = [feed.open(nobody).getReader(), feed.open(leaving.signal).getReader()]
    const before = taken
    for (const reader of readers) await reader.read()
    await wait(500)
    expect(taken).toBe(before + 1)
    await readers[0]?.cancel()
    leaving.abort()
    await wait(60_000)
    expect(taken).toBe(before + 1)
  }))

it('leaves nothing behind when it is closed', async () => {
  const manager = await TaskManager.start()
  const inspector = await inspect(manager)
  const response = await fetch(`${inspector.url}api/events`)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  const idle = connect(inspector.port, '127.0.0.1')
  await until(() => !idle.connecting)
  await inspector.close()
  await inspector.close()
  // The end of the stream, or of its connection.
  await until(() =>
    reader.read().then(
      ({ done }) => done,
      () => true,
    ),
  )
  await expect(fetch(inspector.url)).rejects.toThrow()
  idle.destroy()
  await manager.close()
})

it('answers no more once there are very many readers', async () => {
  const handler = opened(await TaskManager.start())
  const responses = await Promise.all(Array.from({ length: 33 }, () => handler(get('/api/events'))))
  expect(responses.map(({ status }) => status).filter(status => status !== 200)).toEqual([503])
})
