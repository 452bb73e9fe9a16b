const HIDDEN = '***'
const SCHEME = /^(rediss?|postgres|postgresql|https?):\/\//i
/** Parameters of URLs whose values are no secrets. */
const SHOWN = /^(user|host|port|db|dbname|ssl|sslmode|application_name|connect_timeout|family)$/
const PLAIN = /^[\w./ -]*$/
const HOST = /^[\w.:%[\]-]*$|^\/[\w./ -]*$/

/**
 * How messages call what is, or should be, the URL of a server. Only what is known to be no secret is shown: whoever forgets
 * to escape a password may have parts of it anywhere, and a text that is no URL may be one.
 */
export function labelOfUrl(text: string): string {
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
export function isMisplaced({ pathname, search, hash }: URL): boolean {
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
export function labelOfOptions(kind: 'redis' | 'postgres', options: Readonly<Record<string, unknown>>): string {
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
