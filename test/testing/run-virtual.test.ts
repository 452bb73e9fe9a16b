import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { DeadlockError } from '../../src/base/errors.ts'
import { createGate, LivelockError, runVirtual, settle } from '../../src/testing.ts'

const realSetTimeout = setTimeout
const realDate = Date
const realNow = performance.now

function expectRealTime() {
  expect(setTimeout).toBe(realSetTimeout)
  expect(Date).toBe(realDate)
  expect(performance.now).toBe(realNow)
}

const elapse = (delay: number) => new Promise<void>(resolve => setTimeout(resolve, delay))

describe('runVirtual', () => {
  it('jumps to the next timer whenever nothing is runnable', async () => {
    const { value, elapsed } = await runVirtual(async () => {
      const started = performance.now()
      await elapse(1_000_000)
      await elapse(234_567)
      return performance.now() - started
    })
    expect(value).toBe(1_234_567)
    expect(elapsed).toBe(1_234_567)
  })

  it('fires timers in their order, with everything runnable run in between', async () => {
    const log: string[] = []
    await runVirtual(async () => {
      const each = async (name: string, delay: number) => {
        await elapse(delay)
        log.push(`${name} woke`)
        await Promise.resolve()
        log.push(`${name} went on`)
      }
      await Promise.all([each('slow', 20), each('quick', 10), each('also quick', 10)])
    })
    expect(log).toEqual([
      'quick woke',
      'quick went on',
      'also quick woke',
      'also quick went on',
      'slow woke',
      'slow went on',
    ])
  })

  it('moves Date and performance together, from the real date on', async () => {
    const before = Date.now()
    const { value } = await runVirtual(async () => {
      const [date, time] = [Date.now(), performance.now()]
      await elapse(60_000)
      return { start: date, date: Date.now() - date, time: performance.now() - time }
    })
    expect(value.start - before).toBeLessThan(60_000)
    expect(value).toMatchObject({ date: 60_000, time: 60_000 })
  })

  it('covers what is imported from node:timers/promises', async () => {
    const { elapsed } = await runVirtual(() => sleep(5_000))
    expect(elapsed).toBe(5_000)
    await sleep(1)
  })

  it('leaves setImmediate, queueMicrotask and nextTick real', async () => {
    const [immediate, microtask, tick] = [setImmediate, queueMicrotask, process.nextTick]
    await runVirtual(() => {
      expect(setImmediate).toBe(immediate)
      expect(queueMicrotask).toBe(microtask)
      expect(process.nextTick).toBe(tick)
    })
  })

  it('lets the body settle, and take turns of the event loop, before time moves or a deadlock is named', async () => {
    const { elapsed } = await runVirtual(async () => {
      const timer = setTimeout(() => expect.unreachable(), 10)
      for (let turn = 0; turn < 5; turn++) await settle()
      clearTimeout(timer)
      for (let turn = 0; turn < 5; turn++) await settle()
      for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
    })
    expect(elapsed).toBe(0)
  })

  it('ends with the body, whatever timers are left', async () => {
    let fired = false
    const { elapsed } = await runVirtual(() => {
      setTimeout(() => {
        fired = true
      }, 1_000)
    })
    expect(elapsed).toBe(0)
    expect(fired).toBe(false)
  })

  it('brings real time back after success', async () => {
    await runVirtual(() => elapse(10))
    expectRealTime()
  })

  it('rejects with the very error of the body, and brings real time back', async () => {
    const error = new Error('of the body')
    await expect(runVirtual(() => Promise.reject(error))).rejects.toBe(error)
    expectRealTime()
  })

  it('rejects with the very error a body throws before its first await', async () => {
    const error = new Error('at once')
    const body = () => {
      throw error
    }
    await expect(runVirtual(body)).rejects.toBe(error)
    expectRealTime()
  })

  it('rejects with what a timer threw, and brings real time back', async () => {
    const error = new Error('of a timer')
    const body = async () => {
      setTimeout(() => {
        throw error
      }, 10)
      await elapse(20)
    }
    await expect(runVirtual(body)).rejects.toBe(error)
    expectRealTime()
  })

  it('names a deadlock, and brings real time back', async () => {
    const run = runVirtual(async () => {
      await elapse(250)
      await createGate()
    })
    await expect(run).rejects.toThrow('deadlock after 250 ms of virtual time: nothing can run and no timer is armed')
    await expect(run).rejects.toBeInstanceOf(DeadlockError)
    expectRealTime()
  })

  it('names a livelock past the horizon, and brings real time back', async () => {
    const run = runVirtual(
      () => {
        setInterval(() => {}, 10)
        return createGate()
      },
      { horizon: 500 },
    )
    await expect(run).rejects.toThrow('still not ended after 500 ms of virtual time')
    await expect(run).rejects.toBeInstanceOf(LivelockError)
    expectRealTime()
  })

  it('names a livelock in which time does not move', async () => {
    const run = runVirtual(async () => {
      for (;;) await elapse(0)
    })
    await expect(run).rejects.toThrow('timers re-arm themselves for ever, 0 ms into virtual time')
    expectRealTime()
  })

  it('lets a timer fire at the horizon itself', async () => {
    await expect(runVirtual(() => elapse(500), { horizon: 500 })).resolves.toMatchObject({ elapsed: 500 })
  })

  it('refuses a second run inside the first, which goes on', async () => {
    const { value } = await runVirtual(async () => {
      await expect(runVirtual(() => {})).rejects.toThrow(TypeError)
      await elapse(10)
      return 'unharmed'
    })
    expect(value).toBe('unharmed')
    expectRealTime()
  })

  it('refuses wrong arguments, naming them', async () => {
    await expect(runVirtual('no body' as never)).rejects.toThrow('body must be a function, got "no body"')
    await expect(runVirtual(() => {}, { horizon: -1 })).rejects.toThrow(/^horizon must be .* got -1$/)
    await expect(runVirtual(() => {}, 5 as never)).rejects.toThrow('options must be an object, got 5')
    expectRealTime()
  })

  it('says what to install when @sinonjs/fake-timers is missing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'taskscope-'))
    try {
      await cp(join(import.meta.dirname, '../../src'), folder, { recursive: true })
      const script = `
        import { runVirtual } from ${JSON.stringify(join(folder, 'testing/run-virtual.ts'))}
        await runVirtual(() => {}).catch(error => console.log(error.message, error.cause.code))
      `
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
      expect(stdout.trim()).toBe(
        'the virtual clock needs @sinonjs/fake-timers: run `npm install --save-dev @sinonjs/fake-timers` ERR_MODULE_NOT_FOUND',
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
