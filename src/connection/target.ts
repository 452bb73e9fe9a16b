import { show } from '../base/options.ts'

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
    return { kind: 'redis', options: redis, label: labelOfOptions('redis', redis), identity: redis }
  if (isOptions(postgres) && redis === undefined) {
    return { kind: 'postgres', options: postgres, label: labelOfOptions('postgres', postgres), identity: postgres }
  }
  throw new TypeError(`${RULE}, got ${show(connection)}`)
}

function byUrl(given: string): Server {
  const label = labelOfUrl(given)
  // Without slashes all of it is a path, a password included, and the host is missing.
  if (!URL.canParse(given) || !given.startsWith('//', given.indexOf(':') + 1)) throw noConnection(label)
  const url = new URL(given)
  switch (url.protocol) {
    case 'redis:':
    case 'rediss:':
      return { kind: 'redis', options: redisOptions(url, label), label, identity: given }
    case 'postgres:':
    case 'postgresql:':
      return { kind: 'postgres', options: { connectionString: given }, label, identity: given }
    default:
      throw noConnection(label)
  }
}

/** What is wrong may be in what is hidden. */
function noConnection(label: string): RangeError {
  return new RangeError(`${RULE}, got ${show(label)}; special characters in a password are written as %2F and the like`)
}

function redisOptions(url: URL, label: string) {
  if (isMisplaced(url)) throw noConnection(label)
  const { protocol, hostname, port, username, password, pathname, searchParams } = url
  const db = pathname.slice(1) || searchParams.get('db') || '0'
  if (!/^\d+$/.test(db))
    throw new RangeError(`the path of a Redis URL must be the number of a database, got ${show(label)}`)
  return {
    host: decoded(hostname, label).replace(/^\[|\]$/g, '') || '127.0.0.1',
    port: Number(port) || 6379,
    db: Number(db),
    ...(username !== '' && { username: decoded(username, label) }),
    ...(password !== '' && { password: decoded(password, label) }),
    ...(protocol === 'rediss:' && { tls: {} }),
  }
}

function decoded(part: string, label: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw noConnection(label)
  }
}

function isOptions(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const HIDDEN = '***'
const SCHEME = /^(rediss?|postgres|postgresql|https?):\/\//i
/** Parameters of URLs whose values are no secrets. */
const SHOWN = /^(user|host|port|db|dbname|ssl|sslmode|application_name|connect_timeout|family)$/
const PLAIN = /^[\w./ -]*$/
const HOST = /^[\w.:%[\]-]*$|^\/[\w./ -]*$/

/**
 * How messages call what is, or should be, the URL of a server. Only what is known to be no secret is shown: a user who forgets
 * to escape a password may have parts of it anywhere, and a text that is no URL may be one.
 */
function labelOfUrl(text: string): string {
  const [scheme = ''] = SCHEME.exec(text) ?? []
  if (scheme === '' || !URL.canParse(text)) return `${scheme}${HIDDEN}`
  const url = new URL(text)
  const { host, pathname, hash, searchParams } = url
  if (isMisplaced(url)) return `${scheme}${HIDDEN}`
  const parameters = [...searchParams].map(parameter)
  const [query, fragment] = [parameters.length > 0 && `?${parameters.join('&')}`, hash !== '' && `#${HIDDEN}`]
  return `${scheme}${userOf(url)}${shown(host, HOST)}${shown(pathname)}${query || ''}${fragment || ''}`
}

/** Whether what should stand before the host most likely stands behind it, since a password was not escaped. */
function isMisplaced({ pathname, search, hash }: URL): boolean {
  return `${pathname}${search}${hash}`.includes('@')
}

function parameter([name, value]: readonly [string, string]): string {
  if (value === '') return HIDDEN
  return `${shown(name)}=${SHOWN.test(name) ? shown(value) : HIDDEN}`
}

/** A user without a password may be a token, but in a PostgreSQL, which knows none. */
function userOf({ protocol, username, password }: URL): string {
  if (username === '' && password === '') return ''
  if (password !== '') return `${username}:${HIDDEN}@`
  return protocol.startsWith('postgres') ? `${username}@` : `${HIDDEN}@`
}

/** The same for the options of a driver. */
function labelOfOptions(kind: 'redis' | 'postgres', options: Readonly<Record<string, unknown>>): string {
  const { host = '127.0.0.1', port = kind === 'redis' ? 6379 : 5432, path, connectionString } = options
  if (typeof connectionString === 'string') {
    return connectionString.startsWith('/') ? `${kind}:${shown(connectionString)}` : labelOfUrl(connectionString)
  }
  if (typeof path === 'string') return `${kind}:${shown(path)}`
  return `${kind}://${shown(host, HOST)}:${shown(port)}`
}

function shown(value: unknown, harmless = PLAIN): string {
  const text = String(value)
  if (harmless.test(text)) return text
  return text.startsWith('/') ? `/${HIDDEN}` : HIDDEN
}
