import { format } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { type RunnerLogger, TaskManager, TaskRunner } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { HOSTILE } from '../hostile.ts'

/** The ways in which a callback can fail; test/setup.ts has an unhandled rejection fail the test. */
const FAILING: Readonly<Record<string, (error: unknown) => () => unknown>> = {
  throws: error => () => {
    throw error
  },
  rejects: error => () => Promise.reject(error),
  'rejects late': error => () => settle().then(() => Promise.reject(error)),
  'gives a thenable that rejects': error => () => ({
    then: (_: unknown, reject: (thrown: unknown) => void) => reject(error),
  }),
}

const fault = new Error('of the callback')
const broken = new Error('of the work')

async function run(manager: TaskManager): Promise<void> {
  manager.spawn(() => Promise.reject(broken))
  expect(await manager.spawn(() => 'well')).toBe('well')
  await manager.drain()
  await settle()
  await settle()
}

describe.each(Object.entries(FAILING))('a callback that %s', (_, failing) => {
  const callback = failing(fault) as () => never

  it('touches nobody as a listener, and is logged', async () => {
    const logger = { error: vi.fn() }
    const manager = await TaskManager.start({ logger, onError: () => {} })
    manager.on('done', callback)
    await run(manager)
    expect(logger.error.mock.calls).toEqual([[fault, 'an event listener threw']])
    await manager.close()
  })

  it('touches nobody as onError, and both errors are logged', async () => {
    const logger = { error: vi.fn() }
    const manager = await TaskManager.start({ logger, onError: callback })
    await run(manager)
    expect(logger.error.mock.calls).toEqual([
      [broken, expect.stringContaining('task 1 failed and nobody observed it')],
      [fault, 'onError threw'],
    ])
    await manager.close()
  })

  it('touches nobody as the progress function of a map, and is logged', async () => {
    const logger = { error: vi.fn() }
    const manager = await TaskManager.start({ logger })
    expect(await manager.map([1], n => n, { progress: callback }).toArray()).toEqual([1])
    await settle()
    await settle()
    expect(logger.error.mock.calls).toEqual([[fault, 'the progress function of a map threw']])
    await manager.close()
  })

  it.each(['error', 'warn', 'info', 'debug'] as const)('touches nobody as %s of a logger', async method => {
    const logger = { error: () => {}, [method]: callback } as RunnerLogger
    const runner = await TaskRunner.start({ logger })
    await run(runner.manager)
    await runner.submit(({ attempt }) => (attempt === 1 ? Promise.reject(broken) : 1), {
      retry: { retries: 1, wait: 0 },
    })
    expect(await runner.close()).toMatchObject({ done: 2, failed: 1 })
  })

  it('touches nobody as a listener of a runner', async () => {
    const runner = await TaskRunner.start({ logger: false })
    for (const event of ['submitted', 'started', 'failed', 'done', 'drained', 'closed'] as const)
      runner.on(event, callback)
    await run(runner.manager)
    expect(await runner.close()).toMatchObject({ done: 1, failed: 1 })
  })
})

describe('a listener that gives a handle', () => {
  it('leaves its failure to onError', async () => {
    const onError = vi.fn()
    const manager = await TaskManager.start({ logger: false, onError })
    manager.on('done', () => manager.spawn(() => Promise.reject(broken)))
    await manager.spawn(() => 1)
    await settle()
    await manager.drain()
    expect(onError.mock.calls.map(([error]) => error)).toEqual([broken])
    await manager.close()
  })
})

describe('a failure that can not be read', () => {
  it.each(Object.keys(HOSTILE))('is logged all the same: %s', async kind => {
    const value = HOSTILE[kind]?.()
    const seen: string[] = []
    // What a structured logger does with an error.
    const logger = {
      error: (given: unknown, message: string) => {
        const { name, message: text, stack, code } = given as NodeJS.ErrnoException
        seen.push(`${message}: ${name} ${text} ${stack} ${code}`)
      },
    }
    const manager = await TaskManager.start({ logger })
    manager.spawn(() => {
      throw value
    })
    await manager.drain()
    await settle()
    expect(seen).toHaveLength(1)
    expect(seen[0]).toContain('task 1 failed and nobody observed it')
    await manager.close()
  })

  it.each(Object.keys(HOSTILE))('is written to the console all the same: %s', async kind => {
    const value = HOSTILE[kind]?.()
    const lines: unknown[] = []
    const error = vi.spyOn(console, 'error').mockImplementation((...args) => {
      lines.push(format(...args))
    })
    try {
      const manager = await TaskManager.start()
      manager.spawn(() => {
        throw value
      })
      await manager.drain()
      await settle()
      expect(lines).toHaveLength(1)
      expect(lines[0]).toContain('task 1 failed and nobody observed it')
    } finally {
      error.mockRestore()
    }
  })
})
