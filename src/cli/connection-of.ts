import { serverOf } from '../connection/target.ts'
import { UsageError } from './usage-error.ts'

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
  if (redis !== undefined) return checked(redis, 'redis', SOURCES.redis.option)
  if (postgres !== undefined) return checked(postgres, 'postgres', SOURCES.postgres.option)
  const set = (['redis', 'postgres'] as const).filter(kind => env[SOURCES[kind].variable])
  if (set.length > 1)
    throw new UsageError('both REDIS_URL and DATABASE_URL are set: pass --redis URL or --postgres URL')
  const [kind] = set
  if (kind === undefined) throw new UsageError('the server is missing: pass --redis URL or --postgres URL')
  const { variable } = SOURCES[kind]
  return checked(env[variable] as string, kind, variable)
}

function checked(url: string, kind: Kind, source: string): string {
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
