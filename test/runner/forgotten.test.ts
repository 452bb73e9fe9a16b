import { describe, expect, it, vi } from 'vitest'
import { BaseTask, SleepTask, TaskRunner, type TaskRunnerOptions } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory-store.ts'
import { CountingTask } from './counting-task.ts'

class Other extends BaseTask<number> {
  readonly type = 'other'
  run() {
    return 1
  }
}

async function submitAll(options: TaskRunnerOptions): Promise<void> {
  const runner = await TaskRunner.start({ store: memoryStore(), tasks: [CountingTask], ...options })
  for (let times = 0; times < 3; times += 1) {
    for (const task of [new CountingTask(1), new Other(), new SleepTask({ ms: 0 }), () => 1])
      runner.submit(task as Other)
  }
  await runner.drain()
  await runner.close()
}

const FORGOTTEN = [
  `a task of the class "Other" was submitted, which the store can't run again after a crash: put that class in tasks, or say recover: 'fail'`,
  `a task of the class "SleepTask" was submitted, which the store can't run again after a crash: put that class in tasks, or say recover: 'fail'`,
  `a function was submitted, which the store can't run again after a crash: submit a task of a class that is in tasks, or say recover: 'fail'`,
]

describe('a task that the store of its runner can not run again', () => {
  it('is told to the logger, once of each class and once of functions', async () => {
    const logger = { error: vi.fn(), warn: vi.fn() }
    await submitAll({ logger })
    expect(logger.warn.mock.calls).toEqual([
      [{ type: 'other' }, FORGOTTEN[0]],
      [{ type: 'sleep' }, FORGOTTEN[1]],
      [{ type: undefined }, FORGOTTEN[2]],
    ])
    expect(logger.error).not.toHaveBeenCalled()
  })

  it('is told to the console without a logger', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    try {
      await submitAll({})
      expect(warn.mock.calls.map(([message]) => message)).toEqual(FORGOTTEN)
    } finally {
      warn.mockRestore()
    }
  })

  it.each([
    ['a logger that is false', { logger: false }],
    ['a logger without warn', { logger: { error() {} } }],
    ["recover: 'fail'", { recover: 'fail' }],
    ["recover: 'ignore'", { recover: 'ignore' }],
  ] as const)('is no word with %s', async (_, options) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    try {
      await submitAll(options)
      expect(warn).not.toHaveBeenCalled()
    } finally {
      warn.mockRestore()
    }
  })

  it('is run all the same when the logger throws', async () => {
    const warn = () => {
      throw new Error('no disk')
    }
    await submitAll({ logger: { error() {}, warn } })
  })
})
