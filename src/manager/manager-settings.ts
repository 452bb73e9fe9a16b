import { abortSignal, boolean, callback, capacity, count, duration, optionsObject, show, string } from '../options.ts'
import { TRACES_UNCAUGHT } from '../platform.ts'
import type { Logger, TaskManagerOptions } from './types.ts'

/** `console`, but with the message first, where a person looks; structured loggers want the error there. */
const CONSOLE: Logger = { error: (error, message) => console.error(`${message}:`, error) }

/** The options of a manager, checked and with their defaults. */
export interface ManagerSettings {
  readonly maxTasks: number
  readonly maxPending: number
  readonly closeTimeout: number
  readonly cleanupTimeout: number
  readonly failFast: boolean
  readonly name: string
  readonly signal: AbortSignal | undefined
  readonly logger: Logger | false
  readonly onError: TaskManagerOptions['onError']
  readonly autoStart: boolean
  readonly spawnStacks: boolean
}

export function managerSettings(options: number | TaskManagerOptions | undefined): ManagerSettings {
  const given: TaskManagerOptions =
    typeof options === 'number' ? { maxTasks: options } : (optionsObject('options', options) ?? {})
  const {
    maxTasks = 35,
    maxPending = Number.POSITIVE_INFINITY,
    closeTimeout = 10_000,
    cleanupTimeout = 1_000,
    failFast = false,
    name = 'manager',
    signal,
    logger = CONSOLE,
    onError,
    autoStart = true,
    spawnStacks = TRACES_UNCAUGHT,
  } = given
  return Object.freeze({
    maxTasks: capacity('maxTasks', maxTasks),
    maxPending: count('maxPending', maxPending),
    closeTimeout: duration('closeTimeout', closeTimeout),
    cleanupTimeout: duration('cleanupTimeout', cleanupTimeout),
    failFast: boolean('failFast', failFast),
    name: string('name', name),
    signal: signal === undefined ? undefined : abortSignal('signal', signal),
    logger: checkedLogger(logger),
    onError: onError === undefined ? undefined : callback('onError', onError),
    autoStart: boolean('autoStart', autoStart),
    spawnStacks: boolean('spawnStacks', spawnStacks),
  })
}

function checkedLogger(logger: Logger | false): Logger | false {
  if (logger === false || typeof logger?.error === 'function') return logger
  throw new TypeError(`logger must have an error method, or be false, got ${show(logger)}`)
}
