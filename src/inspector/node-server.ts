import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

const LONGEST_BODY = 20_000

/** Serves a fetch handler by Node's server, which keeps nothing alive; `close` ends every connection. */
export async function listen(
  handler: (request: Request) => Promise<Response>,
  port: number,
  host: string,
): Promise<{ readonly server: Server; readonly close: () => Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    answerNode(handler, incoming, outgoing)
  })
  server.on('connection', socket => socket.unref())
  server.unref()
  server.listen(port, host)
  await once(server, 'listening')
  const close = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { server, close }
}

/** Has a fetch handler answer a request of Node's; `given` is its body, where it was read already. */
export function answerNode(
  handler: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  given?: unknown,
): void {
  serve(handler, incoming, outgoing, given).catch(() => outgoing.destroy())
}

async function serve(
  handler: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  given: unknown,
): Promise<void> {
  const left = new AbortController()
  outgoing.on('close', () => left.abort())
  // Of the path where something is mounted Express leaves nothing in `url`.
  const { originalUrl = incoming.url } = incoming as { readonly originalUrl?: string }
  const url = originalUrl?.startsWith('/') ? URL.parse(`http://${incoming.headers.host ?? ''}${originalUrl}`) : null
  if (url === null) return refuse(outgoing, 400)
  const body = given === undefined ? await bodyOf(incoming) : textOf(given)
  if (body === undefined) return refuse(outgoing, 413)
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const each of [value ?? []].flat()) headers.append(name, each)
  }
  const { method = 'GET' } = incoming
  if (!['GET', 'HEAD', 'POST'].includes(method)) return refuse(outgoing, 405)
  const request = new Request(url, { method, headers, signal: left.signal, ...(method === 'POST' && { body }) })
  await send(await handler(request), outgoing, method === 'HEAD')
}

function refuse(outgoing: ServerResponse, status: number): void {
  outgoing.writeHead(status, { connection: 'close' }).end()
}

function textOf(given: unknown): string {
  return typeof given === 'string' ? given : JSON.stringify(given)
}

/** `undefined` for one that is too long. */
async function bodyOf(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming) {
    length += (chunk as Buffer).length
    if (length > LONGEST_BODY) return undefined
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString()
}

/** No faster than the other side reads. */
async function send(response: Response, outgoing: ServerResponse, head: boolean): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  if (head || response.body === null) {
    await response.body?.cancel()
    outgoing.end()
    return
  }
  const reader = response.body.getReader()
  outgoing.on('close', () => reader.cancel().catch(() => {}))
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    if (outgoing.destroyed) return
    if (!outgoing.write(value)) await room(outgoing)
  }
  outgoing.end()
}

function room(outgoing: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const go = () => {
      outgoing.off('drain', go).off('close', go)
      resolve()
    }
    outgoing.on('drain', go).on('close', go)
  })
}
