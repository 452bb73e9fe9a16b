import {
  abortSignal,
  boolean,
  capacity,
  count,
  duration,
  interval,
  type Known,
  knownOptions,
  runnable,
  show,
  string,
} from '../base/options.ts'
import { TRACES_UNCAUGHT } from '../base/platform.ts'
import { type SpawnSettings, spawnSettings } from '../task/spawn-settings.ts'
import type { Logger, TaskDefaults, TaskManagerOptions } from './types.ts'

export const MANAGER_OPTIONS: Known<TaskManagerOptions> = {
  maxTasks: true,
  maxPending: true,
  closeTimeout: true,
  cleanupTimeout: true,
  deadlockAfter: true,
  stuckAfter: true,
  failFast: true,
  name: true,
  signal: true,
  logger: true,
  onError: true,
  autoStart: true,
  spawnStacks: true,
  defaults: true,
}

const TASK_DEFAULTS: Known<TaskDefaults> = { retry: true, timeout: true, limits: true }

/** `console`, but with the message first, where a person looks; structured loggers want the error there. */
const CONSOLE: Logger = {
  error: (error, message) => console.error(`${message}:`, error),
  warn: (_event, message) => console.warn(message),
}

/** The options of a manager, checked and with their defaults. */
export interface ManagerSettings {
  readonly maxTasks: number
  readonly maxPending: number
  readonly closeTimeout: number
  readonly cleanupTimeout: number
  readonly deadlockAfter: number
  readonly stuckAfter: number
  readonly failFast: boolean
  readonly name: string
  readonly signal: AbortSignal | undefined
  readonly logger: Logger | false
  readonly onError: TaskManagerOptions['onError']
  readonly autoStart: boolean
  readonly spawnStacks: boolean
  /** Of the tasks. */
  readonly defaults: SpawnSettings
}

export function managerSettings(options: number | TaskManagerOptions | undefined): ManagerSettings {
  const given: TaskManagerOptions =
    typeof options === 'number' ? { maxTasks: options } : (knownOptions('options', options, MANAGER_OPTIONS) ?? {})
  const {
    maxTasks = 35,
    maxPending = Number.POSITIVE_INFINITY,
    closeTimeout = 10_000,
    cleanupTimeout = 1_000,
    deadlockAfter = 1_000,
    stuckAfter = Number.POSITIVE_INFINITY,
    failFast = false,
    name = 'manager',
    signal,
    logger = CONSOLE,
    onError,
    autoStart = true,
    spawnStacks = TRACES_UNCAUGHT,
    defaults,
  } = given
  return Object.freeze({
    maxTasks: capacity('maxTasks', maxTasks),
    maxPending: count('maxPending', maxPending),
    closeTimeout: duration('closeTimeout', closeTimeout),
    cleanupTimeout: duration('cleanupTimeout', cleanupTimeout),
    deadlockAfter: duration('deadlockAfter', deadlockAfter),
    stuckAfter: stuckAfter === Number.POSITIVE_INFINITY ? stuckAfter : interval('stuckAfter', stuckAfter),
    failFast: boolean('failFast', failFast),
    name: string('name', name),
    signal: signal === undefined ? undefined : abortSignal('signal', signal),
    logger: checkedLogger(logger),
    onError: onError === undefined ? undefined : runnable('onError', onError),
    autoStart: boolean('autoStart', autoStart),
    spawnStacks: boolean('spawnStacks', spawnStacks),
    defaults: spawnSettings(knownOptions('defaults', defaults, TASK_DEFAULTS)),
  })
}

function checkedLogger(logger: Logger | false): Logger | false {
  if (logger === false || typeof logger?.error === 'function') return logger
  throw new TypeError(`logger must have an error method, or be false, got ${show(logger)}`)
}
