import type { HostOptions } from './host.ts'

/** The environment of a worker: this process's own, with these changes. */
export function environment(changes: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries({ ...process.env, ...changes })) {
    if (value !== undefined) result[name] = value
  }
  // The port of the inspector is taken by this process, and `--inspect-brk` would have the worker wait for ever.
  if (result.NODE_OPTIONS?.includes('--inspect')) {
    result.NODE_OPTIONS = result.NODE_OPTIONS.split(' ')
      .filter(flag => !isForThisProcessOnly(flag))
      .join(' ')
  }
  return result
}

/** The flags of Node for a worker process. */
export function processFlags({ execArgv, resourceLimits = {} }: HostOptions): string[] {
  const flags = execArgv === undefined ? ownFlags() : [...execArgv]
  const { maxOldGenerationSizeMb: old, maxYoungGenerationSizeMb: young } = resourceLimits
  if (old !== undefined) flags.push(`--max-old-space-size=${Math.ceil(old)}`)
  // The young generation is three semi-spaces.
  if (young !== undefined) flags.push(`--max-semi-space-size=${Math.max(1, Math.floor(young / 3))}`)
  return flags
}

/** This process's flags, without the script of `-e` and without what can be had only once or means another program. */
function ownFlags(): string[] {
  const flags: string[] = []
  for (let at = 0; at < process.execArgv.length; at += 1) {
    const flag = process.execArgv[at] as string
    if (WITH_VALUE.has(flag)) at += 1
    else if (!isForThisProcessOnly(flag)) flags.push(flag)
  }
  return flags
}

/** Their value is the next argument. */
const WITH_VALUE = new Set(['-e', '--eval', '-p', '-pe', '--print', '--input-type', '--inspect-port', '--watch-path'])
const ONLY_HERE = /^(--inspect|--debug-port|--watch|--test|--input-type|--check$|-c$|--interactive$|-i$)/

function isForThisProcessOnly(flag: string): boolean {
  return ONLY_HERE.test(flag)
}
