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
    serve(handler, incoming, outgoing).catch(() => outgoing.destroy())
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

async function serve(
  handler: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const left = new AbortController()
  outgoing.on('close', () => left.abort())
  const url = incoming.url?.startsWith('/') ? URL.parse(`http://${incoming.headers.host ?? ''}${incoming.url}`) : null
  if (url === null) return refuse(outgoing, 400)
  const body = await bodyOf(incoming)
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
