import { bare } from '../../base/options.ts'
import type { HostOptions, StartOptions } from '../messages/host.ts'

/** The options of a worker that were given, and nothing that is looked for behind them. */
export function ownOptions(options: StartOptions): StartOptions {
  const { resourceLimits } = bare(options)
  return bare({ ...options, ...(resourceLimits !== undefined && { resourceLimits: bare(resourceLimits) }) })
}

/** The environment of a worker: this process's own, or none, with these changes. */
export function environment(
  changes: Readonly<Record<string, string | undefined>>,
  inherit = true,
): Record<string, string> {
  const result: Record<string, string> = bare({})
  for (const [name, value] of Object.entries({ ...(inherit && process.env), ...changes })) {
    if (value !== undefined) result[name] = value
  }
  if (result.NODE_OPTIONS?.includes('--inspect')) {
    result.NODE_OPTIONS = shared(result.NODE_OPTIONS.split(' ')).join(' ')
  }
  return result
}

/** The flags of Node for a worker process. */
export function processFlags({ execArgv, resourceLimits = bare({}) }: HostOptions): string[] {
  const flags = execArgv === undefined ? shared(process.execArgv) : [...execArgv]
  const { maxOldGenerationSizeMb: old, maxYoungGenerationSizeMb: young } = resourceLimits
  if (old !== undefined) flags.push(`--max-old-space-size=${Math.ceil(old)}`)
  // The young generation is three semi-spaces.
  if (young !== undefined) flags.push(`--max-semi-space-size=${Math.max(1, Math.floor(young / 3))}`)
  return flags
}

/**
 * Flags that may be had twice. The port of the inspector is taken by this process, `--inspect-brk` would have the worker
 * wait for ever, and a script to evaluate, to watch or to test is not the worker's.
 */
function shared(flags: readonly string[]): string[] {
  const kept: string[] = []
  let dropping = false
  for (const flag of flags) {
    // What does not begin with a dash is the value of the flag before it.
    if (flag.startsWith('-')) dropping = ONLY_ONCE.test(flag)
    if (!dropping) kept.push(flag)
  }
  return kept
}

const ONLY_ONCE = /^(--(inspect|debug-port|watch|test|eval|print|input-type|check|interactive)|-(e|p|pe|c|i)$)/
