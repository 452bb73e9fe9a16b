import { describe, expect, it } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import { createGate } from '../../src/testing.ts'
import { settle } from '../harness.ts'

const failure = new Error('as told')

/** A task that ends when the gate opens: with 7, or with the failure. */
async function waiting(fails: boolean) {
  const manager = await TaskManager.start({ onError: () => {}, logger: false })
  const gate = createGate()
  const handle = manager.spawn(async () => {
    await gate
    if (fails) throw failure
    return 7
  })
  return { manager, gate, handle }
}

describe.each([
  ['fulfilled', false],
  ['rejected', true],
] as const)('a handle whose outcome is %s', (status, fails) => {
  const outcome = fails ? { status, reason: failure } : { status, value: 7 }

  it('is awaited first, in between, and when it has ended', async () => {
    const { manager, gate, handle } = await waiting(fails)
    const awaited = [Promise.allSettled([handle]), Promise.allSettled([handle, handle])]
    const listened = handle.then(
      value => ({ status: 'fulfilled', value }),
      reason => ({ status: 'rejected', reason }),
    )
    gate.open()
    expect(await Promise.all(awaited)).toEqual([[outcome], [outcome, outcome]])
    expect(await listened).toEqual(outcome)
    expect(await Promise.allSettled([handle])).toEqual([outcome])
    await manager.close()
  })

  it('is awaited once, and looked at when it has ended', async () => {
    const { manager, gate, handle } = await waiting(fails)
    const once = Promise.allSettled([handle])
    gate.open()
    expect(await once).toEqual([outcome])
    expect(await Promise.allSettled([handle.then(value => value), handle.finally()])).toEqual([outcome, outcome])
    await manager.close()
  })

  it('settles a promise of the caller, and `then` gives one that fulfils', async () => {
    const { manager, gate, handle } = await waiting(fails)
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const told = handle.then(resolve, reject)
    expect(told).toBeInstanceOf(Promise)
    gate.open()
    expect(await Promise.allSettled([promise])).toEqual([outcome])
    expect(await told).toBeUndefined()
    expect(await told.finally()).toBeUndefined()
    await manager.close()
  })

  it('calls functions that only look like those of the engine, whatever they throw', async () => {
    const { manager, gate, handle } = await waiting(fails)
    const told: unknown[] = []
    const tell = function tell(this: unknown, value: unknown) {
      told.push(value)
    }.bind(undefined)
    const throwing = new Proxy(Promise.withResolvers().resolve, {
      apply() {
        told.push('called')
        throw new Error('from a proxy')
      },
    })
    handle.then(throwing, throwing)
    const bound = handle.then(tell, tell)
    gate.open()
    await bound
    expect(told).toContain(fails ? failure : 7)
    expect(await manager.spawn(() => 'goes on')).toBe('goes on')
    await manager.close()
  })
})

it('an await that nobody handles is an unhandled rejection, as with any promise', async () => {
  const { manager, gate, handle } = await waiting(true)
  const unhandled: unknown[] = []
  const listen = (reason: unknown) => unhandled.push(reason)
  const others = process.rawListeners('unhandledRejection') as (() => void)[]
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', listen)
  try {
    void (async () => await handle)()
    gate.open()
    await settle()
    await settle()
    expect(unhandled).toEqual([failure])
  } finally {
    process.removeListener('unhandledRejection', listen)
    for (const other of others) process.on('unhandledRejection', other)
  }
  await manager.close()
})
