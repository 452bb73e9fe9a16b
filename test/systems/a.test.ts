import { describe, expect, it, vi } from 'vitest'
import { BaseTask, TaskRunner } from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'
import { within } from '../runner/within.ts'
import { delay, forever } from '../work.ts'

/** The task runner of media_workflow: an asyncio queue and its workers. */
const LIKE_IT_WAS = { workers: 5, queueSize: Number.POSITIVE_INFINITY } as const

class Render extends BaseTask<string> {
  readonly type = 'render'
  readonly file: string
  readonly width: number
  constructor(file: string, width: number) {
    super({ name: `render ${file}` })
    this.file = file
    this.width = width
  }
  async run() {
    await delay(10)
    return `${this.file} at ${this.width}`
  }
}

describe('system A, media_workflow TaskRunner', () => {
  it('runs five at a time from a queue without a limit, first in, first out', async () => {
    const elapsed = await within(LIKE_IT_WAS, async runner => {
      const started: number[] = []
      let running = 0
      let most = 0
      for (let n = 0; n < 1_000; n += 1) {
        runner.submit(async () => {
          started.push(n)
          most = Math.max(most, ++running)
          await delay(10)
          running -= 1
        })
      }
      await runner.drain()
      expect(most).toBe(5)
      expect(started).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
    })
    expect(elapsed).toBe(2_000)
  })

  it('logs failures, which never stop the others', async () => {
    const logger = { error: vi.fn() }
    await within({ ...LIKE_IT_WAS, logger }, async runner => {
      for (let n = 0; n < 100; n += 1) {
        runner.submit(() => (n % 2 === 0 ? n : Promise.reject(new Error(`bad ${n}`))), { name: `job ${n}` })
      }
      await runner.drain()
      expect(runner.stats()).toMatchObject({ done: 50, failed: 50 })
    })
    expect(logger.error).toHaveBeenCalledTimes(50)
    expect(logger.error.mock.calls[0]).toEqual([
      expect.objectContaining({ message: 'bad 1' }),
      'task 2 "job 1" failed and nobody observed it: bad 1',
    ])
  })

  it('has one named logger for everything that happens', async () => {
    const lines: string[] = []
    const log = (level: string) => (_: unknown, message: string) => void lines.push(`[media] ${level} ${message}`)
    const logger = { error: log('error'), warn: log('warn'), info: log('info'), debug: log('debug') }
    await within({ ...LIKE_IT_WAS, name: 'media', logger }, async runner => {
      await runner.submit(new Render('a.mp4', 100))
      await runner.close()
      await settle()
    })
    expect(lines).toEqual([
      '[media] debug task 1 "render a.mp4" submitted',
      '[media] debug task 1 "render a.mp4" started',
      '[media] debug task 1 "render a.mp4" done',
      '[media] debug drained',
      '[media] info closed',
    ])
  })

  it('tries again, and notifies of what failed in the end', async () => {
    const onError = vi.fn()
    await within({ ...LIKE_IT_WAS, onError }, async runner => {
      const upload = vi.fn(() => Promise.reject(new Error('offline')))
      runner.submit(upload, { name: 'upload', retry: { retries: 2, wait: 100, jitter: 0 } })
      await runner.drain()
      expect(upload).toHaveBeenCalledTimes(3)
      expect(runner.stats()).toMatchObject({ retried: 2, failed: 1 })
    })
    expect(onError.mock.calls).toMatchObject([[{ message: 'offline' }, { name: 'upload', attempt: 3 }]])
  })

  it('takes tasks with arguments', async () => {
    await within(LIKE_IT_WAS, async runner => {
      const resize = async (file: string, width: number) => `${file} at ${width}`
      expect(await runner.submit(() => resize('b.png', 50))).toBe('b.png at 50')
      expect(await runner.submit(new Render('c.mp4', 25))).toBe('c.mp4 at 25')
    })
  })

  it('changes its concurrency while it works', async () => {
    await within(LIKE_IT_WAS, async runner => {
      for (let n = 0; n < 20; n += 1) runner.submit(() => delay(100))
      await settle()
      expect(runner.stats().running).toBe(5)
      runner.workers = 8
      expect(runner.stats().running).toBe(8)
      runner.workers = 2
      await delay(100)
      expect(runner.stats()).toMatchObject({ running: 2, done: 8, cancelled: 0 })
      await runner.shutdown()
    })
  })

  it('has priorities', async () => {
    await within({ ...LIKE_IT_WAS, workers: 1 }, async runner => {
      const started: string[] = []
      const submit = (name: string, priority: number) => runner.submit(() => void started.push(name), { priority })
      submit('low', -1)
      submit('usual', 0)
      submit('urgent', 10)
      submit('usual too', 0)
      await runner.drain()
      expect(started).toEqual(['urgent', 'usual', 'usual too', 'low'])
    })
  })

  it('stops when everything is done', async () => {
    const { elapsed, value } = await autojump(async () => {
      await using runner = await TaskRunner.start(LIKE_IT_WAS)
      for (let n = 0; n < 10; n += 1) runner.submit(() => delay(50))
      return runner
    })
    expect(elapsed).toBe(100)
    expect(value.stats()).toMatchObject({ done: 10, closed: true })
  })

  it('stops after a time of inactivity', async () => {
    const elapsed = await within({ ...LIKE_IT_WAS, idleTimeout: 1_000 }, async runner => {
      runner.submit(() => delay(500))
      const seen: string[] = []
      for await (const event of runner.events()) seen.push(event.type)
      expect(seen.at(-1)).toBe('closed')
    })
    expect(elapsed).toBe(1_500)
  })

  it('stops at once when it is told to', async () => {
    const elapsed = await within({ ...LIKE_IT_WAS, cleanupTimeout: 20 }, async runner => {
      for (let n = 0; n < 10; n += 1) runner.submit(forever)
      await settle()
      expect(await runner.shutdown()).toMatchObject({ cancelled: 10, done: 0 })
    })
    expect(elapsed).toBe(20)
  })
})
