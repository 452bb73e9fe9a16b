import {
  boolean,
  duration,
  type Known,
  knownOptions,
  optionsObject,
  runnable,
  show,
  string,
} from '../../base/options.ts'
import type { HostOptions, WorkerLimits } from '../messages/host.ts'

export const HOST_OPTIONS: Known<HostOptions> = {
  startTimeout: true,
  resourceLimits: true,
  env: true,
  argv: true,
  execArgv: true,
  onMessage: true,
  inheritEnv: true,
  init: true,
  initData: true,
  teardown: true,
}

const WORKER_LIMITS: Known<WorkerLimits> = {
  maxOldGenerationSizeMb: true,
  maxYoungGenerationSizeMb: true,
  codeRangeSizeMb: true,
  stackSizeMb: true,
}

/** Refuses what is wrong where it is given: workers are started later, when nobody is there to be told. */
export function checkHostOptions(options: HostOptions): void {
  const { startTimeout, resourceLimits, env, argv, execArgv, onMessage, inheritEnv, init, teardown } = options
  if (startTimeout !== undefined) duration('startTimeout', startTimeout)
  knownOptions('resourceLimits', resourceLimits, WORKER_LIMITS)
  optionsObject('env', env)
  strings('argv', argv)
  strings('execArgv', execArgv)
  if (inheritEnv !== undefined) boolean('inheritEnv', inheritEnv)
  if (init !== undefined) string('init', init)
  if (teardown !== undefined) string('teardown', teardown)
  if (onMessage !== undefined) runnable('onMessage', onMessage)
}

function strings(option: string, value: unknown): void {
  if (value === undefined || (Array.isArray(value) && value.every(item => typeof item === 'string'))) return
  throw new TypeError(`${option} must be an array of strings, got ${show(value)}`)
}
