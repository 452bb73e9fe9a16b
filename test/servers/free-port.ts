import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the ports that systems hand to outgoing connections. One of those could be taken while its server is down, and
 * a client that keeps trying to reach it can even be connected to itself.
 */
const FIRST = 20_000
/** For each of the processes that run tests at the same time. */
const COUNT = 1_000
const OWN = FIRST + (Number(process.env.VITEST_POOL_ID ?? 0) % 10) * COUNT

/** Those that were given out: one whose server is down for a moment looks free. */
const given = new Set<number>()

/** A port of 127.0.0.1 that has no listener now, and that no other test is given. Another process may still be faster. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = OWN + Math.floor(Math.random() * COUNT)
    if (given.has(port)) continue
    given.add(port)
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
