import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** Milliseconds that `Retry-After` asks for, which are whole seconds, and how long slow pages take. */
const RETRY_AFTER = 1_000
const SLOW = 300

/** How the pages are, by their number: every so many of them. */
const EVERY = { busy: 97, broken: 53, slow: 61, moved: 41 }

/**
 * A site on loopback: `/` leads to page 0, and page n to 2n + 1, 2n + 2 and back. Some pages answer 429 at first, some 500, some
 * are slow, some have moved; robots.txt closes `/private/`, to which every page leads.
 */
export class Site {
  readonly #server = createServer((request, response) => {
    this.#answer(request.url ?? '/', response).catch(() => response.destroy())
  })
  readonly #pages: number
  /** When a page may be asked for again. */
  readonly #busyUntil = new Map<number, number>()
  readonly #broken = new Set<number>()
  /** How often each page was given. */
  readonly given = new Map<string, number>()
  /** What was asked for before its time, or is closed. */
  readonly offences: string[] = []

  private constructor(pages: number) {
    this.#pages = pages
  }

  /** Resolves when the site can be visited. */
  static async start(pages: number): Promise<Site> {
    const site = new Site(pages)
    site.#server.listen(0, '127.0.0.1')
    await once(site.#server, 'listening')
    return site
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  /** The paths that are there and that may be visited. */
  get paths(): string[] {
    const pages = Array.from({ length: this.#pages }, (_, page) => page)
    const moved = pages.filter(page => is(page, EVERY.moved))
    return ['/', ...pages.map(page => `/page/${page}`), ...moved.map(linkTo)]
  }

  /** Hangs up on everybody and resolves when the port is free. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(path: string, response: ServerResponse): Promise<void> {
    if (path === '/robots.txt') return void response.end('User-agent: *\nDisallow: /private/\n')
    if (path === '/') return this.#give(path, response, [linkTo(0)])
    const [, kind, number = ''] = /^\/(page|moved)\/(\d+)$/.exec(path) ?? []
    const page = Number(number)
    if (kind === undefined || page >= this.#pages) {
      if (path.startsWith('/private/')) this.offences.push(path)
      response.statusCode = 404
      return void response.end()
    }
    if (kind === 'moved') {
      this.#count(path, response)
      response.writeHead(302, { location: `/page/${page}` })
      return void response.end()
    }
    if (!this.#isReady(page, path, response)) return
    if (is(page, EVERY.slow)) await setTimeout(SLOW)
    const next = [2 * page + 1, 2 * page + 2].filter(each => each < this.#pages).map(linkTo)
    this.#give(path, response, [...next, '/', `/private/${page}`, '#top', 'https://elsewhere.invalid/', 'http://['])
  }

  #isReady(page: number, path: string, response: ServerResponse): boolean {
    const until = this.#busyUntil.get(page)
    if (is(page, EVERY.busy) && (until === undefined || performance.now() < until)) {
      // A millisecond for the rounding of timers.
      if (until === undefined) this.#busyUntil.set(page, performance.now() + RETRY_AFTER - 1)
      else this.offences.push(`${path} too early`)
      response.writeHead(429, { 'retry-after': String(RETRY_AFTER / 1_000) })
      response.end()
      return false
    }
    if (!is(page, EVERY.broken) || this.#broken.has(page)) return true
    this.#broken.add(page)
    response.statusCode = 500
    response.end()
    return false
  }

  /** A client that has hung up gets nothing. */
  #count(path: string, response: ServerResponse): void {
    if (!response.destroyed) this.given.set(path, (this.given.get(path) ?? 0) + 1)
  }

  #give(path: string, response: ServerResponse, links: readonly string[]): void {
    this.#count(path, response)
    response.setHeader('content-type', 'text/html')
    response.end(`<!doctype html><title>${path}</title>${links.map(link => `<a href="${link}">${link}</a>`).join('')}`)
  }
}

function is(page: number, every: number): boolean {
  return page % every === every - 1
}

function linkTo(page: number): string {
  return is(page, EVERY.moved) ? `/moved/${page}` : `/page/${page}`
}
