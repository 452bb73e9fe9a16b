import type { Service } from '../distributed/serve/service.ts'
import { type InspectorHandler, inspectorHandler } from '../inspector/inspector-handler.ts'
import { listen } from '../inspector/node-server.ts'
import { metricsText } from '../metrics/metrics-text.ts'
import type { PortOptions } from './port-options.ts'

/**
 * The ports of a worker machine, open from before it has its server until after it has closed: those who look at its health
 * see both.
 */
export class Ports {
  #service: Service | undefined
  #inspector: InspectorHandler | undefined
  #closing = false
  readonly #options: PortOptions
  readonly #open: (() => Promise<void>)[] = []
  /** What is where. */
  readonly lines: string[] = []

  private constructor(options: PortOptions) {
    this.#options = options
  }

  /** Rejects with an error for the user when it can't listen. */
  static async open(options: PortOptions): Promise<Ports> {
    const ports = new Ports(options)
    const { metrics, inspect } = options
    if (metrics !== undefined) {
      const url = await ports.#listen('--metrics', metrics, request => ports.#answer(new URL(request.url).pathname))
      ports.lines.push(`metrics on ${url}metrics, health on ${url}live and ${url}ready`)
    }
    if (inspect !== undefined) {
      const url = await ports.#listen('--inspect', inspect, async request => {
        return (await ports.#inspector?.(request)) ?? text(503, 'starting')
      })
      ports.lines.push(`inspector on ${url}`)
    }
    return ports
  }

  async #listen(option: string, port: number, handler: (request: Request) => Promise<Response>): Promise<string> {
    const { host } = this.#options
    try {
      const { server, close } = await listen(handler, port, host)
      this.#open.push(close)
      const { port: bound } = server.address() as { readonly port: number }
      return `http://${host.includes(':') ? `[${host}]` : host}:${bound}/`
    } catch (error) {
      throw new Error(`${option}: ${reasonFor(error, host, port)}`, { cause: error })
    }
  }

  /** The service has begun. */
  serve(service: Service, queue: string): void {
    this.#service = service
    if (this.#options.inspect === undefined) return
    const { token, readOnly = false } = this.#options
    this.#inspector = inspectorHandler({ [queue]: service }, { readOnly, ...(token !== undefined && { token }) })
  }

  /** From now on it is not ready any more. */
  closing(): void {
    this.#closing = true
  }

  async close(): Promise<void> {
    this.#inspector?.close()
    await Promise.all(this.#open.map(close => close()))
  }

  async #answer(path: string): Promise<Response> {
    switch (path) {
      case '/live':
        return text(200, 'live')
      case '/ready': {
        const why = await this.#notReady()
        return why === undefined ? text(200, 'ready') : text(503, why)
      }
      case '/metrics':
        return this.#service === undefined ? text(503, 'starting') : text(200, metricsText(this.#service))
      default:
        return text(404, 'there are /metrics, /live and /ready')
    }
  }

  async #notReady(): Promise<string | undefined> {
    if (this.#closing) return 'closing'
    if (this.#service === undefined) return 'starting'
    return (await this.#service.ready()) ? undefined : 'the server of the queue does not answer'
  }
}

/** In the form of Prometheus, which is plain text, too. */
function text(status: number, body: string): Response {
  const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' }
  return new Response(body.endsWith('\n') ? body : `${body}\n`, { status, headers })
}

function reasonFor(error: unknown, host: string, port: number): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} of ${host} is in use already`
    case 'EACCES':
      return `this user may not listen on port ${port}`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `this machine has no address ${host} to listen on`
    default:
      return message
  }
}
