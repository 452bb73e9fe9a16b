import { show } from '../../options.ts'

/**
 * Where the server is: the URL of a Redis (`redis://`, `rediss://`) or a PostgreSQL (`postgres://`, `postgresql://`), or
 * the options of its driver: those of `new Redis()` of ioredis, or of `new Pool()` of pg.
 */
export type Connection =
  | string
  | URL
  | { readonly redis: Readonly<Record<string, unknown>> }
  | { readonly postgres: Readonly<Record<string, unknown>> }

/** A connection that was checked. */
export interface Server {
  readonly kind: 'redis' | 'postgres'
  /** For its driver. */
  readonly options: Readonly<Record<string, unknown>>
  /** How messages call it: without its password. */
  readonly label: string
  /** The same for two that are surely the same server. */
  readonly identity: unknown
}

const RULE =
  "connection must be a URL (redis://, rediss://, postgres://, postgresql://), { redis: options of ioredis } or { postgres: options of pg's Pool }"

/** Throws `TypeError` for what is no connection, `RangeError` for the URL of something else. */
export function serverOf(connection: Connection): Server {
  if (typeof connection === 'string' || connection instanceof URL) return byUrl(String(connection))
  const { redis, postgres } = Object(connection) as { redis?: unknown; postgres?: unknown }
  if (isOptions(redis) && postgres === undefined)
    return { kind: 'redis', options: redis, label: labelOf('redis', redis), identity: redis }
  if (isOptions(postgres) && redis === undefined) {
    return { kind: 'postgres', options: postgres, label: labelOf('postgres', postgres), identity: postgres }
  }
  throw new TypeError(`${RULE}, got ${show(connection)}`)
}

function byUrl(given: string): Server {
  if (!URL.canParse(given)) throw new RangeError(`${RULE}, got ${show(withoutPassword(given))}`)
  const url = new URL(given)
  const label = withoutPassword(given)
  switch (url.protocol) {
    case 'redis:':
    case 'rediss:':
      return { kind: 'redis', options: redisOptions(url), label, identity: given }
    case 'postgres:':
    case 'postgresql:':
      return { kind: 'postgres', options: { connectionString: given }, label, identity: given }
    default:
      throw new RangeError(`${RULE}, got ${show(label)}`)
  }
}

function redisOptions({ protocol, hostname, port, username, password, pathname, searchParams }: URL) {
  const db = pathname.slice(1) || searchParams.get('db') || '0'
  if (!/^\d+$/.test(db))
    throw new RangeError(`the path of a Redis URL must be the number of a database, got ${show(pathname)}`)
  return {
    host: decodeURIComponent(hostname).replace(/^\[|\]$/g, '') || '127.0.0.1',
    port: Number(port) || 6379,
    db: Number(db),
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' && { tls: {} }),
  }
}

function isOptions(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Of what is no URL, too: up to the last `@`, since a password may have anything in it. PostgreSQL takes a parameter, too. */
function withoutPassword(url: string): string {
  return url.replace(/(\/\/[^/?#:@]*):.*@/, '$1:***@').replace(/([?&]password=)[^&#]*/g, '$1***')
}

function labelOf(
  kind: 'redis' | 'postgres',
  { host, port, path, connectionString }: Readonly<Record<string, unknown>>,
): string {
  if (typeof connectionString === 'string') return withoutPassword(connectionString)
  if (typeof path === 'string') return `${kind}:${path}`
  return `${kind}://${host ?? '127.0.0.1'}:${port ?? (kind === 'redis' ? 6379 : 5432)}`
}
