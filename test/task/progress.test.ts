import { describe, expect, it } from 'vitest'
import { type TaskContext, TaskManager } from '../../src/index.ts'
import { normaliseProgress } from '../../src/task/context/progress.ts'
import { settle } from '../harness.ts'

describe('normaliseProgress', () => {
  it('reads a number as a fraction of 1', () => {
    expect(normaliseProgress(0)).toEqual({ completed: 0, total: 1 })
    expect(normaliseProgress(0.25)).toEqual({ completed: 0.25, total: 1 })
    expect(normaliseProgress(1)).toEqual({ completed: 1, total: 1 })
  })

  it('keeps what it knows and nothing else, in a frozen copy', () => {
    const given = { completed: 3, total: 10, message: 'reading', secret: 1 }
    const progress = normaliseProgress(given)
    expect(progress).toEqual({ completed: 3, total: 10, message: 'reading' })
    expect(Object.isFrozen(progress)).toBe(true)
    expect(normaliseProgress({ completed: 3 })).toEqual({ completed: 3 })
  })

  it.each([
    [1.1, RangeError, /fraction from 0 to 1, got 1.1/],
    [-0.1, RangeError, /fraction from 0 to 1, got -0.1/],
    [Number.NaN, RangeError, /fraction from 0 to 1, got NaN/],
    ['half', TypeError, /progress must be .*got "half"/],
    [null, TypeError, /progress must be .*got null/],
    [{}, TypeError, /progress.completed must be a number, got undefined/],
    [{ completed: -1 }, RangeError, /progress.completed must be zero or more, got -1/],
    [{ completed: 1, total: Number.NaN }, RangeError, /progress.total must be zero or more, got NaN/],
    [{ completed: 1, total: '2' }, TypeError, /progress.total must be a number, got "2"/],
    [{ completed: 1, message: 2 }, TypeError, /progress.message must be a string, got 2/],
  ])('refuses %j', (value, type, message) => {
    const attempt = () => normaliseProgress(value as number)
    expect(attempt).toThrow(type)
    expect(attempt).toThrow(message)
  })
})

describe('progress', () => {
  it('is in the record, the latest only', async () => {
    const manager = await TaskManager.start()
    const handle = manager.spawn(task => {
      task.progress(0.5)
      task.progress({ completed: 2, total: 3 })
    })
    expect(handle.record()).not.toHaveProperty('progress')
    await handle
    expect(handle.record().progress).toEqual({ completed: 2, total: 3 })
  })

  it('is an event', async () => {
    const manager = await TaskManager.start()
    const seen: unknown[] = []
    manager.on('progress', ({ record }) => seen.push(record.progress))
    await manager.spawn(task => {
      task.progress(0.5)
      task.progress(1)
    })
    await settle()
    expect(seen).toEqual([
      { completed: 0.5, total: 1 },
      { completed: 1, total: 1 },
    ])
  })

  it('of a task that has ended is ignored', async () => {
    const manager = await TaskManager.start()
    const seen: unknown[] = []
    manager.on('progress', event => seen.push(event))
    const contexts: TaskContext[] = []
    const handle = manager.spawn(task => void contexts.push(task))
    await handle
    contexts[0]?.progress(0.5)
    await settle()
    expect(handle.record()).not.toHaveProperty('progress')
    expect(seen).toEqual([])
  })

  it('that is wrong throws in the work', async () => {
    const manager = await TaskManager.start()
    const handle = manager.spawn(task => task.progress(2))
    await expect(handle).rejects.toThrow(RangeError)
  })
})

it('works when the context is taken apart', async () => {
  const manager = await TaskManager.start()
  const handle = manager.spawn(({ signal, progress }) => {
    progress(0.5)
    return signal.aborted
  })
  expect(await handle).toBe(false)
  expect(handle.record().progress).toEqual({ completed: 0.5, total: 1 })
  await manager.close()
})
