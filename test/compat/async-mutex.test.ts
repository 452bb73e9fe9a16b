import { describe, expect, it } from 'vitest'
import {
  E_ALREADY_LOCKED,
  E_CANCELED,
  E_TIMEOUT,
  Mutex,
  Semaphore,
  tryAcquire,
  withTimeout,
} from '../../src/compat/async-mutex.ts'
import { runVirtual } from '../../src/testing.ts'
import { settle } from '../harness.ts'

describe('Semaphore', () => {
  it('gives the value before, and what gives the weight back, once', async () => {
    const semaphore = new Semaphore(3)
    const [value, release] = await semaphore.acquire(2)
    expect([value, semaphore.getValue()]).toEqual([3, 1])
    release()
    release()
    expect(semaphore.getValue()).toBe(3)
  })

  it('has a value that may be anything', async () => {
    const semaphore = new Semaphore(0)
    expect(semaphore.isLocked()).toBe(true)
    const waiting = semaphore.acquire()
    semaphore.setValue(-1)
    semaphore.release(2)
    expect((await waiting)[0]).toBe(1)
    expect(new Semaphore(-2).getValue()).toBe(-2)
  })

  it('lets nobody pass but who has a higher priority', async () => {
    const semaphore = new Semaphore(2)
    const log: string[] = []
    const [, release] = await semaphore.acquire(2)
    const enter = async (name: string, weight: number, priority?: number) => {
      const [, leave] = await semaphore.acquire(weight, priority)
      log.push(name)
      leave()
    }
    const all = [enter('heavy', 2), enter('light', 1), enter('urgent', 1, 5)]
    release()
    await Promise.all(all)
    expect(log).toEqual(['urgent', 'heavy', 'light'])
  })

  it('waits for more than its value until there is as much', async () => {
    const semaphore = new Semaphore(1)
    const waiting = semaphore.acquire(4)
    semaphore.setValue(5)
    expect((await waiting)[0]).toBe(5)
    expect(semaphore.getValue()).toBe(1)
  })

  it.each([0, -1, Number.NaN])('refuses the weight %d', weight => {
    const semaphore = new Semaphore(1)
    expect(() => semaphore.acquire(weight)).toThrow(/invalid weight/)
    expect(() => semaphore.waitForUnlock(weight)).toThrow(/invalid weight/)
    expect(() => semaphore.release(weight)).toThrow(/invalid weight/)
  })

  it('runs exclusively with the value, and gives back when the work fails', async () => {
    const semaphore = new Semaphore(2)
    expect(await semaphore.runExclusive(value => value, 2)).toBe(2)
    const error = new Error('its own')
    const failed = semaphore.runExclusive(() => {
      throw error
    })
    await expect(failed).rejects.toBe(error)
    expect(semaphore.getValue()).toBe(2)
  })

  it('cancels all that wait, and none of those that hold', async () => {
    const semaphore = new Semaphore(1)
    const [, release] = await semaphore.acquire()
    const waiting = [semaphore.acquire(), semaphore.runExclusive(() => 1), semaphore.acquire(1, 9)]
    semaphore.cancel()
    for (const each of waiting) await expect(each).rejects.toBe(E_CANCELED)
    expect(semaphore.isLocked()).toBe(true)
    release()
    expect(semaphore.getValue()).toBe(1)
  })

  it('cancels in the order of the line', async () => {
    const semaphore = new Semaphore(0)
    const log: string[] = []
    for (const [name, priority] of Object.entries({ first: 0, second: 0, important: 1 }))
      semaphore.acquire(1, priority).catch(() => log.push(name))
    semaphore.cancel()
    await settle()
    expect(log).toEqual(['important', 'first', 'second'])
  })

  it('grants nothing to the next in line while it cancels', async () => {
    const semaphore = new Semaphore(1)
    const heavy = semaphore.acquire(2)
    const light = semaphore.acquire(1)
    semaphore.cancel()
    await expect(heavy).rejects.toBe(E_CANCELED)
    await expect(light).rejects.toBe(E_CANCELED)
    expect(semaphore.getValue()).toBe(1)
  })

  it('cancels with an error of its own', async () => {
    const error = new Error('fancy')
    const semaphore = new Semaphore(0, error)
    const waiting = semaphore.acquire()
    semaphore.cancel()
    await expect(waiting).rejects.toBe(error)
  })

  it('tells those who wait for it to unlock, by weight and priority, before those in line who have less', async () => {
    const semaphore = new Semaphore(0)
    const log: string[] = []
    void semaphore.acquire(1, 1).then(() => log.push('acquired'))
    void semaphore.waitForUnlock(1, 2).then(() => log.push('told before'))
    void semaphore.waitForUnlock(1).then(() => log.push('told after'))
    void semaphore.waitForUnlock(3).then(() => log.push('never'))
    semaphore.release()
    await settle()
    expect(log).toEqual(['told before', 'acquired'])
    semaphore.release()
    await settle()
    expect(log).toEqual(['told before', 'acquired', 'told after'])
    await semaphore.waitForUnlock()
    expect(semaphore.getValue()).toBe(1)
  })

  it('ends a wait with the reason of a signal', async () => {
    const semaphore = new Semaphore(0)
    const controller = new AbortController()
    const waiting = [semaphore.acquire(1, 0, controller.signal), semaphore.waitForUnlock(1, 0, controller.signal)]
    controller.abort('enough')
    for (const each of waiting) await expect(each).rejects.toBe('enough')
    await expect(semaphore.acquire(1, 0, controller.signal)).rejects.toBe('enough')
    semaphore.release()
    expect(semaphore.getValue()).toBe(1)
  })
})

describe('Mutex', () => {
  it('is held by one at a time, in turn', async () => {
    const mutex = new Mutex()
    const log: string[] = []
    const first = await mutex.acquire()
    const second = mutex.acquire().then(release => {
      log.push('second')
      release()
    })
    expect(mutex.isLocked()).toBe(true)
    log.push('first')
    first()
    await second
    expect(log).toEqual(['first', 'second'])
    expect(mutex.isLocked()).toBe(false)
  })

  it('has releasers that can be disposed of', async () => {
    const mutex = new Mutex()
    const held = await mutex.acquire()
    held[Symbol.dispose]()
    expect(mutex.isLocked()).toBe(false)
  })

  it('can be released by anyone, once', async () => {
    const mutex = new Mutex()
    await mutex.acquire()
    mutex.release()
    mutex.release()
    await mutex.acquire()
    expect(mutex.isLocked()).toBe(true)
  })

  it('runs exclusively, by priority', async () => {
    const mutex = new Mutex()
    const log: number[] = []
    const release = await mutex.acquire()
    const all = [0, 2, 1].map(priority => mutex.runExclusive(() => log.push(priority), priority))
    release()
    await Promise.all(all)
    expect(log).toEqual([2, 1, 0])
  })

  it('cancels, and tells when it is free', async () => {
    const mutex = new Mutex(new Error('gone'))
    const release = await mutex.acquire()
    const free = mutex.waitForUnlock()
    const cancelled = mutex.acquire()
    mutex.cancel()
    await expect(cancelled).rejects.toThrow('gone')
    release()
    await free
  })
})

describe('withTimeout', () => {
  it('rejects with E_TIMEOUT or the error given, and runs nothing', async () => {
    await runVirtual(async () => {
      const mutex = withTimeout(new Mutex(), 100)
      const release = await mutex.acquire()
      await expect(mutex.acquire()).rejects.toBe(E_TIMEOUT)
      let ran = false
      const late = mutex.runExclusive(() => {
        ran = true
      })
      await expect(late).rejects.toBe(E_TIMEOUT)
      await expect(mutex.waitForUnlock()).rejects.toBe(E_TIMEOUT)
      release()
      expect(ran).toBe(false)
      const error = new Error('fancy')
      await expect(withTimeout(new Semaphore(0), 5, error).acquire()).rejects.toBe(error)
    })
  })

  it('has one who gave up leave the line, so that he holds up nobody', async () => {
    await runVirtual(async () => {
      const semaphore = new Semaphore(1)
      await expect(withTimeout(semaphore, 100).acquire(2)).rejects.toBe(E_TIMEOUT)
      const late = semaphore.acquire(1)
      expect((await late)[0]).toBe(1)
    })
  })

  it('keeps the methods of what it decorates', async () => {
    const bounded = withTimeout(new Semaphore(2), 100)
    const [value, release] = await bounded.acquire(1, 0)
    expect([value, bounded.getValue(), bounded.isLocked()]).toEqual([2, 1, false])
    release()
    bounded.setValue(5)
    bounded.release(2)
    expect(await bounded.runExclusive(n => n)).toBe(7)
    bounded.cancel()
    expect('getValue' in withTimeout(new Mutex(), 1)).toBe(false)
    expect(() => bounded.acquire(0)).toThrow(/invalid weight/)
  })

  it('hands on what the work threw, and a cancel', async () => {
    const bounded = withTimeout(new Semaphore(1), 100)
    const error = new Error('its own')
    await expect(bounded.runExclusive(() => Promise.reject(error))).rejects.toBe(error)
    await bounded.acquire()
    const waiting = bounded.acquire()
    bounded.cancel()
    await expect(waiting).rejects.toBe(E_CANCELED)
  })
})

describe('tryAcquire', () => {
  it('acquires what is free, and else rejects at once', async () => {
    const mutex = new Mutex()
    const release = await tryAcquire(mutex).acquire()
    await expect(tryAcquire(mutex).acquire()).rejects.toBe(E_ALREADY_LOCKED)
    await expect(tryAcquire(mutex).runExclusive(() => 1)).rejects.toBe(E_ALREADY_LOCKED)
    const error = new Error('busy')
    await expect(tryAcquire(mutex, error).acquire()).rejects.toBe(error)
    release()
    expect(await tryAcquire(withTimeout(new Semaphore(1), 10)).runExclusive(value => value)).toBe(1)
  })
})
