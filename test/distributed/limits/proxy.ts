import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { freePort } from '../../servers/free-port.ts'

/** A way to a server that can be cut. */
export interface Proxy {
  readonly url: string
  /** Ends what is open and takes nothing new. */
  cut(): Promise<void>
  /** Opens the way again. */
  mend(): Promise<void>
  /** What is sent arrives and what is answered does not, on the connections that are open now. */
  swallow(): void
}

export async function proxyTo(target: string): Promise<Proxy> {
  const { hostname, port, protocol } = new URL(target)
  const sockets = new Set<Socket>()
  const swallowed = new WeakSet<Socket>()
  const server = createServer(client => {
    const upstream = connect(Number(port) || (protocol === 'redis:' ? 6379 : 5432), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream)
    upstream.on('data', data => swallowed.has(client) || client.write(data))
  })
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const own = await freePort()
  await listen(own)
  const cut = async () => {
    for (const socket of sockets) socket.destroy()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  onTestFinished(cut)
  const url = new URL(target)
  url.host = `127.0.0.1:${own}`
  return {
    url: url.href,
    cut,
    mend: () => listen(own),
    swallow() {
      for (const socket of sockets) swallowed.add(socket)
    },
  }
}
