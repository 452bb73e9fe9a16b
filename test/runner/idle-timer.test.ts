import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { SleepTask, type TaskRunner } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, forever } from '../work.ts'
import { within } from './within.ts'

/** Resolves with the virtual time at which the runner is closed. */
function closedAt(runner: TaskRunner): Promise<number> {
  return new Promise(resolve => runner.on('closed', () => resolve(performance.now())))
}

describe('idleTimeout', () => {
  it('closes a runner that was never given anything', async () => {
    await within({ idleTimeout: 100 }, async runner => {
      expect(await closedAt(runner)).toBe(100)
      expect(runner.stats().closed).toBe(true)
      expect(() => runner.submit(() => 1)).toThrow('is closed')
      expect(vi.getTimerCount()).toBe(0)
    })
  })

  it('counts from the end of the last task', async () => {
    await within({ idleTimeout: 100 }, async runner => {
      await delay(50)
      runner.submit(new SleepTask({ ms: 500 }))
      runner.submit(new SleepTask({ ms: 300 }))
      expect(await closedAt(runner)).toBe(650)
      expect(runner.stats()).toMatchObject({ done: 2, cancelled: 0 })
    })
  })

  it('starts anew each time that there is something to do', async () => {
    await within({ idleTimeout: 100 }, async runner => {
      const closed = closedAt(runner)
      for (let n = 0; n < 5; n += 1) {
        await delay(90)
        await runner.submit(() => n)
      }
      expect(runner.stats().closed).toBe(false)
      expect(await closed).toBe(550)
    })
  })

  it('counts no task as nothing to do: pending, waiting for a retry, for a place or being cleaned up', async () => {
    await within({ idleTimeout: 100, autoStart: false }, async runner => {
      runner.submit(() => 1)
      await delay(1_000)
      expect(runner.stats().closed).toBe(false)
      runner.manager.resume()
      expect(await closedAt(runner)).toBe(1_100)
    })
    await within({ idleTimeout: 100 }, async runner => {
      runner.submit(({ attempt }) => attempt > 1 || Promise.reject('again'), {
        retry: { retries: 1, wait: 5_000, jitter: 0 },
      })
      expect(await closedAt(runner)).toBe(5_100)
    })
    await within({ idleTimeout: 100, workers: 1, queueSize: 0, submitPolicy: 'wait' }, async runner => {
      for (const ms of [200, 200, 200]) runner.submit(new SleepTask({ ms }))
      expect(await closedAt(runner)).toBe(700)
    })
    await within({ idleTimeout: 100, cleanupTimeout: 1_000 }, async runner => {
      runner.submit(forever).cancel()
      const deaf = runner.submit(forever)
      await settle()
      deaf.cancel()
      expect(await closedAt(runner)).toBe(1_100)
    })
  })

  it('is not put off by what is refused', async () => {
    await within({ idleTimeout: 100 }, async runner => {
      await delay(60)
      expect(() => runner.submit('nothing' as never)).toThrow(TypeError)
      runner.records()
      runner.stats()
      expect(await closedAt(runner)).toBe(100)
    })
  })

  it('is put off by a task that is cancelled at once', async () => {
    await within({ idleTimeout: 100 }, async runner => {
      await delay(60)
      runner.submit(() => 1, { signal: AbortSignal.abort() })
      expect(await closedAt(runner)).toBe(160)
    })
  })

  it('is put off by what is spawned on the manager', async () => {
    await within({ idleTimeout: 100 }, async runner => {
      await runner.manager.spawn(() => delay(150))
      expect(runner.stats().closed).toBe(false)
      expect(await closedAt(runner)).toBe(250)
    })
  })

  it('of 0 closes as soon as there is nothing to do', async () => {
    await within({ idleTimeout: 0 }, async runner => {
      runner.submit(new SleepTask({ ms: 50 }))
      expect(await closedAt(runner)).toBe(50)
    })
  })

  it('arms no timer if there is none, nor after a close', async () => {
    await within({}, async runner => {
      await runner.submit(() => 1)
      expect(vi.getTimerCount()).toBe(0)
    })
    await within({ idleTimeout: 100 }, async runner => {
      await runner.submit(() => 1)
      expect(vi.getTimerCount()).toBe(1)
      await runner.close()
      expect(vi.getTimerCount()).toBe(0)
    })
  })

  it('ends the events', async () => {
    await within({ idleTimeout: 100 }, async runner => {
      const seen: string[] = []
      for await (const event of runner.events()) seen.push(event.type)
      expect(seen).toEqual(['closed'])
    })
  })

  it('does not keep the process alive', async () => {
    const fixture = fileURLToPath(new URL('../fixtures/idle-runner.ts', import.meta.url))
    const args = ['--disable-warning=ExperimentalWarning', fixture]
    const ended = await promisify(execFile)(process.execPath, args, { timeout: 50_000, killSignal: 'SIGKILL' })
    expect(ended).toEqual({ stdout: 'idle\n', stderr: '' })
  })
})
