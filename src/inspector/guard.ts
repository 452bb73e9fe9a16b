import { createHash, timingSafeEqual } from 'node:crypto'
import { isIPv4 } from 'node:net'

/** Who may see the page, and from where. */
export interface GuardSettings {
  readonly token: string | undefined
  /** Names of this host beside those of the loopback. */
  readonly hosts: readonly string[]
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: 401 | 403
  readonly message: string
}

const COOKIE = 'taskscope_inspector'

/**
 * A page elsewhere must not reach this one: by a name of its own that leads here (DNS rebinding) its requests would be of the
 * same origin, so that without a token only names are answered that nobody else can have; what changes something must come
 * from the page itself.
 */
export function refusalOf(request: Request, url: URL, { token, hosts }: GuardSettings): Refusal | undefined {
  const host = request.headers.get('host') ?? url.host
  if (token === undefined && !isKnownHost(host, hosts)) {
    return refused(403, 'this host name is not known here: see the option hosts, or set a token')
  }
  const site = request.headers.get('sec-fetch-site')
  const navigation = request.method === 'GET' && request.headers.get('sec-fetch-mode') === 'navigate'
  if (!navigation && site !== null && site !== 'same-origin' && site !== 'none')
    return refused(403, 'not from this page')
  const origin = request.headers.get('origin')
  if (origin !== null && !isSameOrigin(origin, host)) return refused(403, 'not from this page')
  if (token !== undefined && !isKnown(request, url, token)) {
    return refused(401, 'the token is missing or wrong: open the page with ?token=…')
  }
  return undefined
}

function refused(status: Refusal['status'], message: string): Refusal {
  return { status, message }
}

function isKnownHost(host: string, hosts: readonly string[]): boolean {
  const name = hostName(host)
  return name !== undefined && (isLoopback(name) || hosts.some(known => hostName(known) === name))
}

/** Without the port. */
function hostName(host: string): string | undefined {
  const url = URL.parse(`http://${host}`)
  return url === null || url.pathname !== '/' || url.username !== '' ? undefined : url.hostname
}

/** Whether a name can only be that of this very machine. */
export function isLoopback(name: string): boolean {
  if (name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || name === '::1') return true
  return isIPv4(name) && name.startsWith('127.')
}

function isSameOrigin(origin: string, host: string): boolean {
  const url = URL.parse(origin)
  // By the same scheme, a proxy may have ended TLS: then the default port is that of https.
  return url !== null && (url.host === host || url.host === URL.parse(`${url.protocol}//${host}`)?.host)
}

function isKnown(request: Request, url: URL, token: string): boolean {
  const bearer = request.headers.get('authorization')?.match(/^Bearer (.+)$/i)?.[1]
  const given = [bearer, url.searchParams.get('token')].filter(each => typeof each === 'string')
  const cookies = (request.headers.get('cookie') ?? '').split(/; */).filter(each => each.startsWith(`${COOKIE}=`))
  const kept = cookies.map(each => each.slice(COOKIE.length + 1))
  return given.some(each => isEqual(each, token)) || kept.some(each => isEqual(each, keptFor(token)))
}

/** Takes as long whatever is given. */
function isEqual(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

/** Not the token itself: what listens on other ports of this host gets the cookie as well. */
function keptFor(token: string): string {
  return createHash('sha256').update(`${COOKIE}:${token}`).digest('base64url')
}

/** What has a browser remember the token that it opened the page with: no script can read it, no other site has it sent. */
export function tokenCookie(token: string, { protocol }: URL): string {
  return `${COOKIE}=${keptFor(token)}; Path=/; HttpOnly; SameSite=Strict${protocol === 'https:' ? '; Secure' : ''}`
}
