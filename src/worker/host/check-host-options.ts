import { callback, duration, type Known, knownOptions, optionsObject, show } from '../../options.ts'
import type { HostOptions, WorkerLimits } from './host.ts'

export const HOST_OPTIONS: Known<HostOptions> = {
  startTimeout: true,
  resourceLimits: true,
  env: true,
  argv: true,
  execArgv: true,
  onMessage: true,
}

const WORKER_LIMITS: Known<WorkerLimits> = {
  maxOldGenerationSizeMb: true,
  maxYoungGenerationSizeMb: true,
  codeRangeSizeMb: true,
  stackSizeMb: true,
}

/** Refuses what is wrong where it is given: workers are started later, when nobody is there to be told. */
export function checkHostOptions({ startTimeout, resourceLimits, env, argv, execArgv, onMessage }: HostOptions): void {
  if (startTimeout !== undefined) duration('startTimeout', startTimeout)
  knownOptions('resourceLimits', resourceLimits, WORKER_LIMITS)
  optionsObject('env', env)
  strings('argv', argv)
  strings('execArgv', execArgv)
  if (onMessage !== undefined) callback('onMessage', onMessage)
}

function strings(option: string, value: unknown): void {
  if (value === undefined || (Array.isArray(value) && value.every(item => typeof item === 'string'))) return
  throw new TypeError(`${option} must be an array of strings, got ${show(value)}`)
}
