import { describe, expect, it } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import { task } from '../../src/worker.ts'
import { settle, until } from '../harness.ts'
import { failureOf } from '../work.ts'

describe('send', () => {
  it('reaches a task that is pending, one that runs, and between two attempts the next', async () => {
    await using manager = await TaskManager.start({ autoStart: false })
    const seen: [attempt: number, message: unknown][] = []
    const handle = manager.spawn(
      async ({ attempt, messages }) => {
        for await (const message of messages) {
          seen.push([attempt, message])
          if (message === 'fail') throw new Error('again')
          if (message === 'end') return
        }
      },
      { retry: { retries: 1, wait: 1 } },
    )
    for (const message of ['early', 'fail', 'next']) expect(handle.send(message)).toBe(true)
    manager.resume()
    await until(() => seen.length === 3)
    handle.send('end')
    await handle
    expect(seen).toEqual([
      [1, 'early'],
      [1, 'fail'],
      [2, 'next'],
      [2, 'end'],
    ])
    expect(handle.send('late')).toBe(false)
  })

  it('gives each message to one reader, and the object itself in one event loop', async () => {
    await using manager = await TaskManager.start()
    const message = { by: 'identity' }
    const handle = manager.spawn(async task => {
      const [one, other] = [task.messages, task.messages]
      return [(await other.next()).value, (await one.next()).value]
    })
    handle.send(message)
    handle.send(2)
    const [first, second] = await handle
    expect([first === message, second]).toEqual([true, 2])
  })

  it('hands over what it got, promises and what cannot be read too', async () => {
    await using manager = await TaskManager.start()
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const sent: readonly unknown[] = [Promise.resolve(1), proxy, { then: 'no function' }, undefined]
    const handle = manager.spawn(async ({ messages }) => {
      const same: boolean[] = []
      for await (const message of messages) {
        same.push(message === sent[same.length])
        if (same.length === sent.length) return same
      }
    })
    for (const message of sent) handle.send(message)
    expect(await handle).toEqual([true, true, true, true])
  })

  it('leaves to others what comes after a reader has left, who waits no longer', async () => {
    await using manager = await TaskManager.start()
    const handle = manager.spawn(async task => {
      const [one, other] = [task.messages, task.messages]
      const waiting = one.next()
      await one.return?.()
      const ended = await waiting
      return [ended.done, (await other.next()).value]
    })
    await settle()
    handle.send('for the other')
    expect(await handle).toEqual([true, 'for the other'])
  })

  it('keeps nothing of a task that was cancelled, and nothing comes to an attempt that is over', async () => {
    await using manager = await TaskManager.start()
    const { promise, resolve } = Promise.withResolvers<AsyncIterable<unknown>>()
    const handle = manager.spawn(context => resolve({ [Symbol.asyncIterator]: () => context.messages }))
    await handle
    const read: unknown[] = []
    for await (const message of await promise) read.push(message)
    expect(read).toEqual([])
    const pending = await TaskManager.start({ autoStart: false })
    const cancelled = pending.spawn(() => {})
    cancelled.send(1)
    await cancelled.cancel()
    await settle()
    expect(cancelled.send(2)).toBe(false)
    await pending.close()
  })

  it('is refused where the call is on another machine', async () => {
    const call = task((n: number) => n, {
      mode: 'distributed',
      name: 'remote',
      connection: 'redis://127.0.0.1:1',
      queue: 'nowhere',
      connectTimeout: 50,
    })
    const handle = call(1)
    expect(() => handle.send('hello')).toThrow(/another machine/)
    const failure = failureOf(handle)
    await call.close({ timeout: 0 })
    await failure
  })
})
