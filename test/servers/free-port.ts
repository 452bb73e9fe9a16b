import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the ports that systems hand to outgoing connections. One of those could be taken while its server is down, and
 * a client that keeps trying to reach it can even be connected to itself.
 */
const FIRST = 20_000
const COUNT = 10_000

/** A port of 127.0.0.1 that nobody listens on now. Somebody else may still be faster. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
