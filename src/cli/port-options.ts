import { isLoopback } from '../inspector/guard.ts'
import { given, nonEmpty, UsageError, wholeNumber } from './usage.ts'

const LAST_PORT = 65_535

/** On which ports the command tells of itself. */
export interface PortOptions {
  readonly host: string
  readonly inspect?: number
  readonly metrics?: number
  readonly token?: string
  readonly readOnly?: boolean
}

/** What is wrong with the options, if anything is. */
function wrongPorts({ host, inspect, metrics, token }: PortOptions): string | undefined {
  if (inspect !== undefined && inspect !== 0 && inspect === metrics) return '--inspect and --metrics need a port each'
  if (inspect === undefined || token !== undefined || isLoopback(host)) return undefined
  return `--inspect on --host ${host} can be reached from other machines, where anybody could see and stop these calls: set TASKSCOPE_TOKEN or pass --token`
}

type PortValues = { readonly [K in 'inspect' | 'metrics' | 'host' | 'token']?: string | undefined } & {
  readonly 'read-only'?: boolean | undefined
}

/** Throws {@link UsageError} for what makes no sense, or would let anybody in. */
export function portsOf(values: PortValues, env: NodeJS.ProcessEnv): PortOptions {
  const inspect = wholeNumber('--inspect', values.inspect, 0, LAST_PORT)
  const metrics = wholeNumber('--metrics', values.metrics, 0, LAST_PORT)
  if (values.host !== undefined && inspect === undefined && metrics === undefined) {
    throw new UsageError('--host is of --inspect and --metrics: pass one of them as well')
  }
  for (const option of ['token', 'read-only'] as const) {
    if (values[option] !== undefined && inspect === undefined) {
      throw new UsageError(`--${option} is of --inspect: pass that as well`)
    }
  }
  const token = values.token === undefined ? env.TASKSCOPE_TOKEN || undefined : nonEmpty('--token', values.token)
  const ports = {
    host: values.host === undefined ? '127.0.0.1' : nonEmpty('--host', values.host),
    ...given('inspect', inspect),
    ...given('metrics', metrics),
    ...(inspect !== undefined && given('token', token)),
    ...given('readOnly', values['read-only']),
  }
  const wrong = wrongPorts(ports)
  if (wrong !== undefined) throw new UsageError(wrong)
  return ports
}
