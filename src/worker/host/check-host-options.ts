import { duration, optionsObject, show } from '../../options.ts'
import type { HostOptions } from './host.ts'

/** Refuses what is wrong where it is given: workers are started later, when nobody is there to be told. */
export function checkHostOptions({ startTimeout, resourceLimits, env, execArgv }: HostOptions): void {
  if (startTimeout !== undefined) duration('startTimeout', startTimeout)
  optionsObject('resourceLimits', resourceLimits)
  optionsObject('env', env)
  if (execArgv === undefined || (Array.isArray(execArgv) && execArgv.every(flag => typeof flag === 'string'))) return
  throw new TypeError(`execArgv must be an array of strings, got ${show(execArgv)}`)
}
