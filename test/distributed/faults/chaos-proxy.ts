import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export const TROUBLES = ['drop', 'half-close', 'truncate', 'delay', 'swallow'] as const
export const DIRECTIONS = ['up', 'down', 'both'] as const

/** What befalls connections. */
interface Trouble {
  /**
   * `drop`: they end at once. `half-close`: one side says that it is through. `truncate`: they end within the next message.
   * `delay`: what is sent arrives later. `swallow`: it never does, and neither does that the other side has gone.
   */
  readonly kind: (typeof TROUBLES)[number]
  /** `up` is what the client sends. */
  readonly direction: (typeof DIRECTIONS)[number]
}

/** A way to a server on which connections get into trouble; what arrives arrives in order. */
export interface ChaosProxy {
  readonly url: string
  /**
   * Befalls one of the connections that are open, by a number from 0 to 1; or all of them, `'open'`; or, without either, all
   * of them and all new ones.
   */
  strike(trouble: Trouble, which?: number | 'open'): void
  /** Drops the first connection on which a client sends this, before that arrives. */
  dropAt(text: string): void
  /** Whether that has happened. */
  readonly dropped: boolean
  /** The trouble is over: what was delayed arrives, what was swallowed is lost with its connection, new ones are well. */
  calm(): void
}

/** What goes one way on a connection. */
class Flow {
  readonly #from: Socket
  readonly #to: Socket
  #kind: Trouble['kind'] | undefined
  readonly #held: Buffer[] = []
  #over = false

  constructor(from: Socket, to: Socket) {
    this.#from = from
    this.#to = to
    from.on('data', data => this.#pass(data))
    from.on('end', () => this.#end())
    from.on('close', () => {
      if (!this.#quiet) to.destroy()
    })
  }

  strike(kind: Trouble['kind']): void {
    this.#kind = kind
    if (kind === 'half-close') this.#to.end()
    if (kind === 'drop') this.#destroy()
  }

  calm(): void {
    const kind = this.#kind
    this.#kind = undefined
    if (kind === 'swallow') this.#destroy()
    for (const data of this.#held.splice(0)) this.#pass(data)
    if (this.#over) this.#end()
  }

  get #quiet(): boolean {
    return this.#kind === 'swallow' || this.#kind === 'delay'
  }

  #pass(data: Buffer): void {
    if (this.#kind === 'delay') this.#held.push(data)
    if (this.#quiet || !this.#to.writable) return
    if (this.#kind !== 'truncate') return void this.#to.write(data)
    this.#to.end(data.subarray(0, Math.floor(data.length / 2)), () => this.#destroy())
  }

  #end(): void {
    this.#over = true
    if (!this.#quiet) this.#to.end()
  }

  #destroy(): void {
    this.#from.destroy()
    this.#to.destroy()
  }
}

/** A connection through the proxy. */
class Line {
  readonly #flows: Readonly<Record<'up' | 'down', Flow>>

  constructor(client: Socket, server: Socket) {
    this.#flows = { up: new Flow(client, server), down: new Flow(server, client) }
  }

  strike({ kind, direction }: Trouble): void {
    if (direction !== 'down') this.#flows.up.strike(kind)
    if (direction !== 'up') this.#flows.down.strike(kind)
  }

  calm(): void {
    this.#flows.up.calm()
    this.#flows.down.calm()
  }
}

export async function chaosProxyTo(target: string): Promise<ChaosProxy> {
  const url = new URL(target)
  const { port, hostname } = url
  const lines = new Set<Line>()
  const sockets = new Set<Socket>()
  let everywhere: Trouble | undefined
  let fatal: string | undefined
  let dropped = false
  const server = createServer({ allowHalfOpen: true }, client => {
    const upstream = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
    const line = new Line(client, upstream)
    lines.add(line)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        if (!sockets.has(client) && !sockets.has(upstream)) lines.delete(line)
      })
    }
    client.prependListener('data', data => {
      if (fatal === undefined || !data.includes(fatal)) return
      fatal = undefined
      dropped = true
      line.strike({ kind: 'drop', direction: 'both' })
    })
    if (everywhere !== undefined) line.strike(everywhere)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    strike(trouble, which) {
      if (which === undefined) everywhere = trouble
      const struck = typeof which === 'number' ? [...lines].splice(Math.floor(which * lines.size), 1) : [...lines]
      for (const line of struck) line.strike(trouble)
    },
    dropAt(text) {
      fatal = text
      dropped = false
    },
    get dropped() {
      return dropped
    },
    calm() {
      everywhere = undefined
      for (const line of lines) line.calm()
    },
  }
}
