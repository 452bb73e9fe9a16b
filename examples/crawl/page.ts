import { callLimit, limits, perKey, resourceLimit, type TaskManager, type TaskScope } from '../../src/index.ts'
import { Robots } from './robots.ts'

/** What there is to say of a page. */
export interface Page {
  readonly url: string
  readonly status: number
  readonly bytes: number
  readonly links: number
}

/** A page, and where it leads on the same origin. */
export interface Visit {
  readonly page: Page
  readonly links: readonly string[]
}

/** The host cannot answer now: the same request may succeed later, after so many milliseconds if it says so. */
class UnavailableError extends Error {
  override readonly name = 'UnavailableError'
  readonly retryAfter: number | undefined

  constructor(url: string, response: Response) {
    super(`${url} answered ${response.status}`)
    this.retryAfter = milliseconds(response.headers.get('retry-after'))
  }
}

/** `Retry-After` is a number of seconds or a date. */
function milliseconds(retryAfter: string | null): number | undefined {
  if (retryAfter === null) return undefined
  const wait = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - Date.now()
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

const ROBOT = 'taskscope-crawl'
const CONNECTIONS = 8
/** Milliseconds for one request, and for all that one page needs, waiting included. */
const TIMEOUT = 10_000
const DEADLINE = 120_000

/** Fetches pages, at each host no faster than it may. */
export class Visitor {
  readonly #manager: TaskManager
  readonly #perHost
  readonly #robots = new Map<string, Promise<Robots>>()

  /** @param rate the most requests a second to one host */
  constructor(manager: TaskManager, rate: number) {
    this.#manager = manager
    this.#perHost = perKey((_host: string) =>
      limits([callLimit(rate, 1_000), resourceLimit({ key: 'connections', capacity: CONNECTIONS })]),
    )
  }

  /** Fetches a page and reads where it leads, within a scope, which ends with the task around. A redirect is a link. */
  visit(url: URL): Promise<Visit> {
    return this.#manager.scope(
      async scope => {
        const { status, text, location } = await this.#get(scope, url)
        const links = new Set<string>()
        for (const href of location === null ? hrefsIn(text) : [location]) {
          const target = URL.parse(href, url.href)
          if (target === null) continue
          target.hash = ''
          if (await this.mayVisit(target, url)) links.add(target.href)
        }
        return { page: { url: url.href, status, bytes: text.length, links: links.size }, links: [...links] }
      },
      { deadline: DEADLINE },
    )
  }

  /** Whether a URL is on the same origin, and its `robots.txt` has nothing against it. */
  async mayVisit(url: URL, from: URL): Promise<boolean> {
    if (url.origin !== from.origin) return false
    const { origin } = url
    const robots = this.#robots.get(origin) ?? this.#fetchRobots(origin)
    this.#robots.set(origin, robots)
    return (await robots).allows(url)
  }

  async #fetchRobots(origin: string): Promise<Robots> {
    try {
      const { status, text } = await this.#manager.scope(scope => this.#get(scope, new URL('/robots.txt', origin)))
      return new Robots(status === 200 ? text : '', ROBOT)
    } catch (error) {
      // The next to ask tries again.
      this.#robots.delete(origin)
      throw error
    }
  }

  #get(scope: TaskScope, url: URL) {
    return scope.spawn(({ signal }) => get(url.href, signal), {
      name: url.href,
      limits: this.#perHost(url.host),
      timeout: TIMEOUT,
      retry: {
        retries: 5,
        // As a server says, or else a little longer each time.
        backoff: ({ attempt, error }) => (error as UnavailableError).retryAfter ?? 100 * 2 ** (attempt - 1),
      },
    })
  }
}

function hrefsIn(html: string): string[] {
  return [...html.matchAll(/<a\s[^>]*?href="([^"]*)"/gi)].map(([, href = '']) => href)
}

async function get(url: string, signal: AbortSignal) {
  const response = await fetch(url, { signal, redirect: 'manual', headers: { 'user-agent': ROBOT } })
  // Read in any case: a connection whose answer was not read cannot be used again.
  const text = await response.text()
  const { status, headers } = response
  if (status === 429 || status >= 500) throw new UnavailableError(url, response)
  return { status, text, location: status >= 300 && status < 400 ? headers.get('location') : null }
}
