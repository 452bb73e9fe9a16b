import { describe, expect, it } from 'vitest'
import {
  type Amounts,
  callLimit,
  DeadlockError,
  type Limits,
  limitPool,
  limits,
  rateLimit,
  resourceLimit,
  Semaphore,
  TaskManager,
} from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'

const files = (capacity = 1) => resourceLimit({ key: 'files', capacity })

/** Whether a wait for room is over by now. */
async function isOver(waiting: Promise<void>): Promise<boolean> {
  let over = false
  waiting.then(() => {
    over = true
  })
  await settle()
  return over
}

describe('whenAvailable', () => {
  it('waits for a rate as long as it takes, and takes nothing', async () => {
    const { elapsed } = await autojump(async () => {
      const calls = callLimit(2, 100)
      await calls.acquire()
      await calls.whenAvailable()
      await calls.whenAvailable({ calls: 2 })
      expect(calls.stats()).toMatchObject({ used: 0, waiting: 0 })
    })
    expect(elapsed).toBe(100)
  })

  it('waits until all of a set is there together, whatever it is made of', async () => {
    const [one, two, semaphore] = [files(), resourceLimit({ key: 'sockets', capacity: 1 }), new Semaphore(1)]
    const set = limits([one, two, semaphore])
    const held = [await one.acquire(), await semaphore.acquire(), await two.acquire()]
    const waiting = set.whenAvailable()
    for (const permit of held) {
      expect(await isOver(waiting)).toBe(false)
      permit.release()
    }
    expect(await isOver(waiting)).toBe(true)
    expect([one.stats().used, two.stats().used, semaphore.available, semaphore.waiting]).toEqual([0, 0, 1, 0])
  })

  it('is content with any member of a pool', async () => {
    const [one, two] = [files(), files()]
    const pool = limitPool([one, two])
    const [, second] = [await one.acquire(), await two.acquire()]
    const waiting = pool.whenAvailable()
    expect(await isOver(waiting)).toBe(false)
    second.release()
    expect(await isOver(waiting)).toBe(true)
    expect([one.stats().waiting, two.stats()]).toMatchObject([0, { used: 0, waiting: 0 }])
  })

  it('leaves nothing behind when it is given up, of whatever kind', async () => {
    const one = files()
    await one.acquire()
    for (const each of [one, limits([one, callLimit(1, 10)]), limits([one, new Semaphore(1)]), limitPool([one, one])]) {
      await expect(each.whenAvailable(undefined, { signal: AbortSignal.timeout(0) })).rejects.toThrow(/aborted/)
      expect(one.stats().waiting).toBe(0)
    }
  })

  it('refuses wrong amounts, what can only be taken from, and a task that would wait for its own end', async () => {
    const one = files()
    const external: Limits = { acquire: () => ({ release() {} }) }
    const refused = (limit: ReturnType<typeof files>, amounts: Amounts) => expect(limit.whenAvailable(amounts)).rejects
    await refused(one, { files: 2 }).toThrow(RangeError)
    await refused(one, { file: 1 }).toThrow(RangeError)
    await expect(limits([one, external]).whenAvailable()).rejects.toThrow(/can only be taken from/)
    await expect(limits([]).whenAvailable()).resolves.toBeUndefined()
    await using manager = await TaskManager.start()
    await expect(manager.spawn(() => one.whenAvailable(), { limits: one })).rejects.toThrow(DeadlockError)
  })
})

describe('on', () => {
  it('tells of a rate by time alone', async () => {
    await autojump(async () => {
      const tokens = rateLimit({ key: 'tokens', capacity: 10, per: 100, algorithm: 'token-bucket' })
      const told: [string, number][] = []
      const start = performance.now()
      const note = (event: string) => () => told.push([event, performance.now() - start])
      tokens.on('exhausted', note('exhausted'))
      tokens.on('available', note('available'))
      await tokens.acquire({ tokens: 10 })
      await new Promise(resolve => setTimeout(resolve, 100))
      expect(told).toEqual([
        ['exhausted', 0],
        ['available', 10],
      ])
    })
  })
})
