import { describe, expect, it } from 'vitest'
import * as errors from '../../src/base/errors.ts'

const { TaskScopeError, TaskGroupError, TaskTimeoutError } = errors

type Make = (message: string, options?: ErrorOptions) => InstanceType<typeof TaskScopeError>

const KINDS: readonly (readonly [name: string, code: string, make: Make])[] = [
  ['TaskCancelledError', 'ERR_TASK_CANCELLED', (...args) => new errors.TaskCancelledError(...args)],
  ['TaskTimeoutError', 'ERR_TASK_TIMEOUT', (message, options) => new TaskTimeoutError(message, 250, options)],
  ['TaskNotFinishedError', 'ERR_TASK_NOT_FINISHED', (...args) => new errors.TaskNotFinishedError(...args)],
  ['QueueFullError', 'ERR_QUEUE_FULL', (...args) => new errors.QueueFullError(...args)],
  ['ScopeEndedError', 'ERR_SCOPE_ENDED', (...args) => new errors.ScopeEndedError(...args)],
  ['ManagerClosedError', 'ERR_MANAGER_CLOSED', (...args) => new errors.ManagerClosedError(...args)],
  [
    'DuplicateKeyError',
    'ERR_DUPLICATE_KEY',
    (message, options) => new errors.DuplicateKeyError(message, 'key', 1, options),
  ],
  ['DeadlockError', 'ERR_DEADLOCK', (...args) => new errors.DeadlockError(...args)],
  [
    'RetryValidationError',
    'ERR_RETRY_VALIDATION',
    (message, options) => new errors.RetryValidationError(message, 1, [1], ['one'], options),
  ],
  [
    'TooManyRestartsError',
    'ERR_TOO_MANY_RESTARTS',
    (message, options) => new errors.TooManyRestartsError(message, 3, 5_000, options),
  ],
  ['TaskNotFoundError', 'ERR_TASK_NOT_FOUND', (...args) => new errors.TaskNotFoundError(...args)],
  ['TaskNotRerunnableError', 'ERR_TASK_NOT_RERUNNABLE', (...args) => new errors.TaskNotRerunnableError(...args)],
  ['TaskInterruptedError', 'ERR_TASK_INTERRUPTED', (...args) => new errors.TaskInterruptedError(...args)],
  ['StoreError', 'ERR_STORE', (...args) => new errors.StoreError(...args)],
  ['SerializationError', 'ERR_SERIALIZATION', (...args) => new errors.SerializationError(...args)],
  [
    'WorkerCrashedError',
    'ERR_WORKER_CRASHED',
    (message, options) => new errors.WorkerCrashedError(message, 1, null, options),
  ],
  ['TaskGroupError', 'ERR_TASK_GROUP', (message, options) => new TaskGroupError(message, [options?.cause])],
]

describe.each(KINDS)('%s', (name, code, make) => {
  it('is an Error and a TaskScopeError of its own kind', () => {
    const error = make('what happened')
    expect(error).toBeInstanceOf(Error)
    expect(error).toBeInstanceOf(TaskScopeError)
    expect(Object.getPrototypeOf(error).constructor.name).toBe(name)
  })

  it('has its name, its code and its message', () => {
    expect(make('what happened')).toMatchObject({ name, code, message: 'what happened' })
  })

  it('starts its stack with its name', () => {
    expect(make('what happened').stack).toMatch(`${name}: what happened\n`)
  })

  it('keeps the cause by identity', () => {
    const cause = new Error('of the user')
    expect(make('what happened', { cause }).cause).toBe(cause)
  })

  it('does not list its name among its own fields', () => {
    expect(Object.keys(make('what happened'))).not.toContain('name')
  })
})

it('gives every kind a code of its own', () => {
  expect(new Set(KINDS.map(([, code]) => code)).size).toBe(KINDS.length)
})

it('covers every kind there is', () => {
  expect([...errors.ERRORS.keys()].toSorted()).toEqual(KINDS.map(([name]) => name).toSorted())
})

describe('TaskTimeoutError', () => {
  it('has the limit that was passed', () => {
    expect(new TaskTimeoutError('too slow', 250).limit).toBe(250)
  })
})

describe('TaskGroupError', () => {
  it('has all failures in order, and the first as its cause', () => {
    const [first, second] = [new Error('first'), 'second']
    const error = new TaskGroupError('2 tasks failed', [first, second])
    expect(error.errors).toEqual([first, second])
    expect(error.cause).toBe(first)
  })
})
