import { describe, expect, it } from 'vitest'
import { Semaphore } from '../../src/index.ts'

describe('A permit to come', () => {
  it('is a promise, which await takes without another in between', async () => {
    const semaphore = new Semaphore(1)
    const acquisition = semaphore.acquire()
    expect(Promise.resolve(acquisition)).toBe(acquisition)
    expect(acquisition.then(() => {}).constructor).toBe(Promise)
    expect(Object.prototype.toString.call(acquisition)).toBe('[object Acquisition]')
    expect((await acquisition).count).toBe(1)
  })

  it('rejects for those who look, and is no unhandled rejection for those who do not', async () => {
    const unhandled: unknown[] = []
    const listener = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', listener)
    const semaphore = new Semaphore(1)
    using _ = await semaphore.acquire()
    const gone = new Error('gone')
    semaphore.acquire(1, { signal: AbortSignal.abort(gone) })
    const looked = semaphore.acquire(1, { signal: AbortSignal.abort(gone) })
    const controller = new AbortController()
    const waiting = semaphore.acquire(1, { signal: controller.signal })
    controller.abort(gone)
    await expect(looked).rejects.toBe(gone)
    await new Promise(setImmediate)
    await expect(waiting).rejects.toBe(gone)
    process.off('unhandledRejection', listener)
    expect(unhandled).toEqual([])
  })
})
