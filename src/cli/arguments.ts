import { parseArgs } from 'node:util'
import { LONGEST_TIMER } from '../base/clock.ts'
import { serverOf } from '../connection/target.ts'
import { distributedSettings } from '../distributed/options.ts'
import type { ServeOptions } from '../distributed/serve/serve-options.ts'
import { type PortOptions, portsOf } from './port-options.ts'
import { parseTasksArguments, type TasksArguments } from './tasks-arguments.ts'
import { given, nonEmpty, UsageError, usageOf, wholeNumber } from './usage.ts'

/** What the command line asked for. */
export type Arguments = { readonly command: 'help' | 'version' | 'tasks-help' } | ServeArguments | TasksArguments

export interface ServeArguments {
  readonly command: 'serve'
  /** As it was given. */
  readonly module: string
  readonly options: ServeOptions
  readonly ports: PortOptions
}

const MODES = ['async', 'thread', 'process'] as const
const MOST_JOBS = 1_000_000

const OPTIONS = {
  queue: { type: 'string', short: 'q' },
  redis: { type: 'string' },
  postgres: { type: 'string' },
  jobs: { type: 'string', short: 'j' },
  mode: { type: 'string' },
  prefix: { type: 'string' },
  'lock-duration': { type: 'string' },
  'close-timeout': { type: 'string' },
  'cleanup-timeout': { type: 'string' },
  'connect-timeout': { type: 'string' },
  inspect: { type: 'string' },
  metrics: { type: 'string' },
  host: { type: 'string' },
  token: { type: 'string' },
  'read-only': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const

/** Reads the command line; throws {@link UsageError} for anything that it can't mean. */
export function parseArguments(argv: readonly string[], env: NodeJS.ProcessEnv): Arguments {
  if (argv[0] === 'tasks') return parseTasksArguments(argv.slice(1))
  const { values, positionals } = usageOf(() =>
    parseArgs({ args: [...argv], allowPositionals: true, options: OPTIONS }),
  )
  if (values.help) return { command: 'help' }
  if (values.version) return { command: 'version' }
  const module = moduleOf(positionals)
  const options = { queue: nonEmpty('--queue', values.queue), connection: connectionOf(values, env) }
  checked(() => distributedSettings(options))
  return {
    command: 'serve',
    module,
    ports: portsOf(values, env),
    options: {
      ...options,
      ...given('maxTasks', wholeNumber('--jobs', values.jobs, 1, MOST_JOBS)),
      ...given('mode', modeOf(values.mode)),
      ...given('prefix', values.prefix === undefined ? undefined : nonEmpty('--prefix', values.prefix)),
      ...given('lockDuration', wholeNumber('--lock-duration', values['lock-duration'], 1, LONGEST_TIMER)),
      ...given('closeTimeout', wholeNumber('--close-timeout', values['close-timeout'], 0, LONGEST_TIMER)),
      ...given('cleanupTimeout', wholeNumber('--cleanup-timeout', values['cleanup-timeout'], 0, LONGEST_TIMER)),
      ...given('connectTimeout', wholeNumber('--connect-timeout', values['connect-timeout'], 1, LONGEST_TIMER)),
    },
  }
}

function moduleOf([command, module, ...more]: readonly string[]): string {
  if (command === undefined) throw new UsageError('the command is missing: taskscope serve MODULE --queue NAME')
  if (command !== 'serve') throw new UsageError(`there is no command ${JSON.stringify(command)}, only serve and tasks`)
  if (module === undefined || module === '') throw new UsageError('the module is missing: taskscope serve ./tasks.js …')
  if (more.length > 0) throw new UsageError(`one module at a time, got ${more.length + 1}`)
  return module
}

function checked(check: () => void): void {
  try {
    check()
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}

function modeOf(text: string | undefined): (typeof MODES)[number] | undefined {
  const mode = MODES.find(each => each === text)
  if (mode !== undefined || text === undefined) return mode
  throw new UsageError(`--mode must be one of ${MODES.join(', ')}, got ${JSON.stringify(text)}`)
}

/** Which option and which variable name a server of that kind. */
const SOURCES = {
  redis: { option: '--redis', variable: 'REDIS_URL', form: 'redis://host:port' },
  postgres: { option: '--postgres', variable: 'DATABASE_URL', form: 'postgres://user@host:port/database' },
} as const

type Kind = keyof typeof SOURCES

/**
 * The URL of the server: of the one option that is given, or else of the one variable that is set. Throws
 * {@link UsageError} where there is none, where there are two, and for what is no URL of such a server; without passwords.
 */
export function connectionOf(options: { readonly [K in Kind]?: string | undefined }, env: NodeJS.ProcessEnv): string {
  const { redis, postgres } = options
  if (redis !== undefined && postgres !== undefined) throw new UsageError('--redis and --postgres: only one of them')
  if (redis !== undefined) return checkedUrl(redis, 'redis', SOURCES.redis.option)
  if (postgres !== undefined) return checkedUrl(postgres, 'postgres', SOURCES.postgres.option)
  const set = (['redis', 'postgres'] as const).filter(kind => env[SOURCES[kind].variable])
  if (set.length > 1)
    throw new UsageError('both REDIS_URL and DATABASE_URL are set: pass --redis URL or --postgres URL')
  const [kind] = set
  if (kind === undefined) throw new UsageError('the server is missing: pass --redis URL or --postgres URL')
  const { variable } = SOURCES[kind]
  return checkedUrl(env[variable] as string, kind, variable)
}

function checkedUrl(url: string, kind: Kind, source: string): string {
  if (kindOf(url, source) === kind) return url
  const escaping = url.includes('@') ? '; special characters in a password are written as %2F and the like' : ''
  throw new UsageError(`${source} must be a URL like ${SOURCES[kind].form}${escaping}`)
}

function kindOf(url: string, source: string): Kind | undefined {
  // Without a host the password may be anywhere: no message may say what that URL is.
  if (!URL.canParse(url) || (new URL(url).host === '' && url.includes('@'))) return undefined
  const kind = KINDS[new URL(url).protocol]
  try {
    if (kind !== undefined) serverOf(url)
    return kind
  } catch (error) {
    throw new UsageError(`${source}: ${(error as Error).message}`, { cause: error })
  }
}

const KINDS: Readonly<Record<string, Kind>> = {
  'redis:': 'redis',
  'rediss:': 'redis',
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
}
