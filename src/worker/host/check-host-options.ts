import { callback, duration, optionsObject, show } from '../../options.ts'
import type { HostOptions } from './host.ts'

/** Refuses what is wrong where it is given: workers are started later, when nobody is there to be told. */
export function checkHostOptions({ startTimeout, resourceLimits, env, argv, execArgv, onMessage }: HostOptions): void {
  if (startTimeout !== undefined) duration('startTimeout', startTimeout)
  optionsObject('resourceLimits', resourceLimits)
  optionsObject('env', env)
  strings('argv', argv)
  strings('execArgv', execArgv)
  if (onMessage !== undefined) callback('onMessage', onMessage)
}

function strings(option: string, value: unknown): void {
  if (value === undefined || (Array.isArray(value) && value.every(item => typeof item === 'string'))) return
  throw new TypeError(`${option} must be an array of strings, got ${show(value)}`)
}
