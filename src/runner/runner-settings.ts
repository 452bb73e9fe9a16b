import {
  boolean,
  capacity,
  count,
  duration,
  iterable,
  type Known,
  knownOptions,
  oneOf,
  optionsObject,
  show,
} from '../base/options.ts'
import { MANAGER_OPTIONS, managerSettings } from '../scheduler/manager-settings.ts'
import type { TaskManagerOptions } from '../scheduler/types.ts'
import type { Retention, TaskStore } from '../store/types.ts'
import type { SpawnSettings } from '../task/spawn-settings.ts'
import { TaskRegistry } from './submission.ts'
import type { Recovery, RetainOptions, RunnerLogger, SubmitPolicy, TaskRunnerOptions } from './types.ts'

const { maxTasks: _, maxPending: __, ...OF_MANAGER } = MANAGER_OPTIONS

const RUNNER_OPTIONS: Known<TaskRunnerOptions> = {
  ...OF_MANAGER,
  workers: true,
  queueSize: true,
  submitPolicy: true,
  history: true,
  retain: true,
  idleTimeout: true,
  store: true,
  durable: true,
  tasks: true,
  recover: true,
}

/** The options of a runner, checked and with their defaults. */
export interface RunnerSettings {
  readonly manager: TaskManagerOptions
  /** Of the tasks. */
  readonly defaults: SpawnSettings
  readonly submitPolicy: SubmitPolicy
  readonly history: number
  readonly retention: Retention
  readonly idleTimeout: number
  readonly store: TaskStore | undefined
  readonly durable: boolean
  readonly registry: TaskRegistry
  readonly recover: Recovery
  readonly logger: RunnerLogger | false | undefined
}

export function runnerSettings(options: TaskRunnerOptions | undefined): RunnerSettings {
  refuse(optionsObject('options', options), 'maxTasks', 'workers')
  refuse(options, 'maxPending', 'queueSize')
  const {
    workers = 4,
    queueSize = 100,
    submitPolicy = 'reject',
    history = 10_000,
    retain,
    idleTimeout = Number.POSITIVE_INFINITY,
    store,
    durable = true,
    tasks = [],
    recover = 'rerun',
    logger,
    ...others
  } = knownOptions('options', options, RUNNER_OPTIONS) ?? {}
  const manager = {
    name: 'runner',
    ...others,
    maxTasks: capacity('workers', workers),
    maxPending: count('queueSize', queueSize),
    ...(logger !== undefined && { logger }),
  }
  // Now, so that a wrong option is refused before the store is opened.
  const { defaults } = managerSettings(manager)
  return {
    manager,
    defaults,
    submitPolicy: oneOf('submitPolicy', ['reject', 'wait', 'dropOldest', 'dropNewest'], submitPolicy),
    history: count('history', history),
    retention: retention(retain, store),
    idleTimeout: duration('idleTimeout', idleTimeout),
    store: store === undefined ? undefined : taskStore(store),
    durable: boolean('durable', durable),
    registry: new TaskRegistry(iterable('tasks', tasks) as readonly never[]),
    recover: oneOf('recover', ['rerun', 'fail', 'ignore'], recover),
    logger,
  }
}

const RETAIN_OPTIONS: Known<RetainOptions> = { count: true, for: true, failedCount: true, failedFor: true }

function retention(retain: RetainOptions | undefined, store: TaskStore | undefined): Retention {
  if (retain !== undefined && store === undefined) {
    throw new RangeError('retain is about a store, which this runner has not: history says what is kept in memory')
  }
  const {
    count: most = 100_000,
    for: time = Number.POSITIVE_INFINITY,
    failedCount,
    failedFor,
  } = knownOptions('retain', retain, RETAIN_OPTIONS) ?? {}
  const all = { count: count('retain.count', most), for: duration('retain.for', time) }
  if (failedCount === undefined && failedFor === undefined) return all
  const failed = {
    count: count('retain.failedCount', failedCount ?? most),
    for: duration('retain.failedFor', failedFor ?? time),
  }
  return { ...all, failed }
}

function refuse(options: object | undefined, name: string, instead: string): void {
  if (options !== undefined && Object.hasOwn(options, name))
    throw new TypeError(`a runner has no ${name}: its option is called ${instead}`)
}

function taskStore(store: TaskStore): TaskStore {
  for (const method of ['open', 'write', 'close'] as const) {
    if (typeof store?.[method] !== 'function') {
      throw new TypeError(`store must have the methods of a TaskStore, got ${show(store)} without ${method}`)
    }
  }
  return store
}
