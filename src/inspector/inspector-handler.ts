import type { IncomingMessage, ServerResponse } from 'node:http'
import { boolean, type Known, knownOptions, show, string } from '../base/options.ts'
import { messageOf } from '../base/thrown.ts'
import { jobOf, recordFrom } from '../runner/history.ts'
import { StuckWatch } from '../scheduler/stuck/stuck-watch.ts'
import { waitsFor } from '../scheduler/stuck/waits-for.ts'
import { Asked } from './asked.ts'
import { Feed } from './feed.ts'
import { refusalOf, tokenCookie } from './guard.ts'
import { answerNode } from './node-server.ts'
import { pageFile } from './page.ts'
import { plainTask } from './plain.ts'
import { type Place, searchHistory } from './search.ts'
import { snapshot } from './snapshot.ts'
import { type InspectorTargets, openTargets, type Targets } from './targets.ts'
import type { Watched } from './watched.ts'

/** Who may see the page, and what may be done there. */
export interface InspectorHandlerOptions {
  /**
   * What must be given to see anything: `?token=…` when the page is opened, or the header `Authorization: Bearer …`.
   * @default none: only by names of this machine, such as localhost
   */
  readonly token?: string
  /** Whether nothing can be cancelled, paused or changed. @default false */
  readonly readOnly?: boolean
  /** The names of the host by which the page is asked for, without a token; those of the loopback always are. @default [] */
  readonly hosts?: readonly string[]
}

/** A request as Node has it, and what Express and Fastify make of it. */
export interface InspectorRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** A response as Node has it. */
export interface InspectorResponse {
  writeHead(status: number): unknown
  end(): unknown
}

/** A fetch handler; closing it ends its streams and lets go of the targets. */
export interface InspectorHandler extends Disposable {
  (request: Request): Promise<Response>
  /**
   * The same for servers that hand out Node's own objects, such as Express and Fastify. `body` is the body of the request, if
   * the server has read it already, as a text or as what JSON was parsed to.
   */
  node(request: InspectorRequest, response: InspectorResponse, body?: unknown): void
  close(): void
}

export const HANDLER_OPTIONS: Known<InspectorHandlerOptions> = { token: true, readOnly: true, hosts: true }

/** Nothing from elsewhere is loaded, nobody frames the page, nothing of it stays in a cache. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const

const LONGEST_BODY = 10_000
const MOST_ROWS = 200

/**
 * The inspector as a fetch handler, to be mounted in a server of your own under any path: it answers whatever path ends with
 * one of its names. It has no other protection than its options: put it behind that of your server.
 *
 * Throws `TypeError` for what can't be looked at.
 *
 * ```ts
 * const inspector = inspectorHandler({ uploads: runner })
 * app.all('/inspector/*', context => inspector(context.req.raw)) // Hono
 * app.use('/inspector', (request, response) => inspector.node(request, response, request.body)) // Express
 * ```
 */
export function inspectorHandler(targets: InspectorTargets, options?: InspectorHandlerOptions): InspectorHandler {
  const { token, readOnly = false, hosts = [] } = knownOptions('options', options, HANDLER_OPTIONS) ?? {}
  if (token !== undefined && string('token', token) === '') throw new RangeError("token must not be '', got ''")
  if (!Array.isArray(hosts)) throw new TypeError(`hosts must be an array of names, got ${show(hosts)}`)
  const guard = { token, hosts: hosts.map(host => string('each of hosts', host)) }
  const routes = new Routes(openTargets(targets), boolean('readOnly', readOnly))
  const handle = async (request: Request): Promise<Response> => {
    const url = new URL(request.url)
    const refusal = refusalOf(request, url, guard)
    if (refusal !== undefined) return answer(refusal.message, 'text/plain; charset=utf-8', refusal.status)
    try {
      return await routes.answer(request, url, token)
    } catch (error) {
      return json({ error: messageOf(error) }, error instanceof TypeError || error instanceof RangeError ? 400 : 500)
    }
  }
  const close = () => routes.close()
  const node: InspectorHandler['node'] = (incoming, outgoing, body) =>
    answerNode(handle, incoming as IncomingMessage, outgoing as ServerResponse, body)
  return Object.assign(handle, { node, close, [Symbol.dispose]: close })
}

class Routes {
  readonly #targets: Targets
  readonly #readOnly: boolean
  readonly #feed: Feed

  constructor(targets: Targets, readOnly: boolean) {
    this.#targets = targets
    this.#readOnly = readOnly
    const asked = new Asked()
    this.#feed = new Feed(() => ({ readOnly, ...snapshot(targets, asked) }))
  }

  async answer(request: Request, url: URL, token: string | undefined): Promise<Response> {
    const name = /\/api\/([a-z]+)$/.exec(url.pathname)?.[1]
    if (name === 'action') return this.#act(request)
    if (request.method !== 'GET' && request.method !== 'HEAD') return json({ error: 'only GET is answered here' }, 405)
    switch (name) {
      case undefined:
        return page(url, token)
      case 'events':
        return this.#events(request)
      case 'history':
        return json(await searchHistory(this.#watched(url), searchOf(url.searchParams), request.signal))
      case 'task':
        return this.#task(url)
      default:
        return json({ error: 'there is no such thing here' }, 404)
    }
  }

  close(): void {
    this.#feed.close()
    for (const watched of this.#targets.watched.values()) watched.close()
  }

  #events(request: Request): Response {
    if (this.#feed.full) return json({ error: 'too many pages are open' }, 503)
    return answer(this.#feed.open(request.signal), 'text/event-stream')
  }

  #watched(url: URL): Watched {
    return this.#target(url.searchParams.get('target'))
  }

  #target(name: unknown): Watched {
    const watched = typeof name === 'string' ? this.#targets.watched.get(name) : undefined
    if (watched === undefined) throw new RangeError(`there is no target ${show(name)}`)
    return watched
  }

  #task(url: URL): Response {
    const watched = this.#watched(url)
    const id = Number(url.searchParams.get('id'))
    const task = watched.scheduler.find(id)
    const kept = task ?? watched.history.find(id) ?? watched.runner?.getRecord(id)
    if (kept === undefined) return json({ error: `there is no task ${id}, or no longer` }, 404)
    const rerunnable = task === undefined && watched.runner !== undefined && jobOf(kept) !== undefined
    const waits = task && waitsFor(task, watched.scheduler)
    const stuckSince = task && StuckWatch.since(task, watched.scheduler)
    const stillRuns = [...watched.scheduler.abandoned.values()].some(each => each.id === id)
    return json({
      ...plainTask(recordFrom(kept)),
      ...(rerunnable && { rerunnable }),
      ...(stuckSince !== undefined && { stuckSince: stuckSince + watched.scheduler.wallClock.offset }),
      ...(waits !== undefined && waits.kind !== 'work' && { waits }),
      stillRuns,
      at: Date.now(),
    })
  }

  async #act(request: Request): Promise<Response> {
    if (request.method !== 'POST') return json({ error: 'actions are asked for by POST' }, 405)
    if (this.#readOnly) return json({ error: 'this inspector is read-only' }, 403)
    // No page elsewhere can send this without being asked whether it may.
    if (!/^application\/json\b/.test(request.headers.get('content-type') ?? '')) {
      return json({ error: 'the body must be JSON, and the content type say so' }, 415)
    }
    const text = await textOf(request)
    if (text === undefined) return json({ error: 'the body is too long' }, 413)
    const asked = parsed(text)
    if (asked === undefined) return json({ error: 'the body must be an object in JSON' }, 400)
    return json(await this.#target(asked.target).act(asked))
  }
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** The page has relative addresses, which need a slash at the end of its own. */
function page(url: URL, token: string | undefined): Response {
  const file = pageFile(url.pathname)
  if (file !== undefined && file.name !== 'index.html') return answer(file.text, file.type)
  const given = url.searchParams.has('token') && token !== undefined
  const last = url.pathname.split('/').at(-1) as string
  if (!given && last === '') return file === undefined ? json({}, 404) : answer(file.text, file.type)
  const location = last === '' ? './' : `./${last}/`
  const cookie = given ? { 'set-cookie': tokenCookie(token, url) } : undefined
  return new Response(null, { status: 303, headers: { ...HEADERS, location, ...cookie } })
}

/** No more of it is read than may be there: `undefined` for what is too long. */
async function textOf(request: Request): Promise<string | undefined> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of request.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > LONGEST_BODY) return undefined
  }
  return text
}

function placeOf(before: string | null): Place {
  const [, stored, digits] = /^(s?)(\d{1,15})$/.exec(before ?? '') ?? []
  if (digits === undefined) return { number: Number.MAX_SAFE_INTEGER }
  return stored === 's' ? { storedId: Number(digits) } : { number: Number(digits) }
}

function searchOf(query: URLSearchParams): Parameters<typeof searchHistory>[1] {
  const text = (name: string) => query.get(name) || undefined
  const number = (name: string, otherwise: number) => {
    const value = Number(query.get(name) ?? otherwise)
    return Number.isFinite(value) && value >= 0 ? value : otherwise
  }
  return {
    status: text('status'),
    type: text('type'),
    name: text('name'),
    tag: text('tag'),
    error: text('error'),
    from: placeOf(query.get('before')),
    limit: Math.min(MOST_ROWS, Math.max(1, number('limit', 50))),
  }
}

function answer(body: string | ReadableStream<Uint8Array>, type: string, status = 200): Response {
  return new Response(body, { status, headers: { ...HEADERS, 'content-type': type } })
}

function json(value: object, status = 200): Response {
  return answer(JSON.stringify(value), 'application/json', status)
}
