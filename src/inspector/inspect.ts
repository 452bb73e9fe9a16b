import type { AddressInfo } from 'node:net'
import { type Known, knownOptions, string } from '../base/options.ts'
import { isLoopback } from './guard.ts'
import { HANDLER_OPTIONS, type InspectorHandlerOptions, inspectorHandler } from './inspector-handler.ts'
import { listen } from './node-server.ts'
import type { InspectorTargets } from './targets.ts'

/** Where the page is served, and who may see it. */
export interface InspectOptions extends InspectorHandlerOptions {
  /** 0: any that is free. @default 0 */
  readonly port?: number
  /** The address to listen on. Any but one of the loopback needs a `token`. @default '127.0.0.1' */
  readonly host?: string
}

const INSPECT_OPTIONS: Known<InspectOptions> = { ...HANDLER_OPTIONS, port: true, host: true }

/** A page that is served. */
export interface Inspector extends AsyncDisposable {
  /** Where to find it, without the token. */
  readonly url: string
  readonly port: number
  /** Ends the server and all pages that are open, and lets go of the targets. Idempotent; never rejects. */
  close(): Promise<void>
}

/**
 * Serves a live page about managers, runners, workers, task functions and limits, for a browser on this machine. It does not
 * keep the process alive, and costs next to nothing while no page is open.
 *
 * Rejects with `TypeError` or `RangeError` for wrong targets or options (another host without a token, say), and with the
 * error of the system where it can't listen.
 *
 * ```ts
 * await using inspector = await inspect({ uploads: runner, openai: limit }, { port: 4600 })
 * console.log(inspector.url)
 * ```
 */
export async function inspect(targets: InspectorTargets, options?: InspectOptions): Promise<Inspector> {
  const { port = 0, host = '127.0.0.1', ...others } = knownOptions('options', options, INSPECT_OPTIONS) ?? {}
  if (typeof port !== 'number') throw new TypeError(`port must be a number, got ${typeof port}`)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`port must be an integer from 0 to 65535, got ${port}`)
  }
  if (!isLoopback(string('host', host)) && others.token === undefined) {
    throw new RangeError(
      `host '${host}' can be reached from other machines, where anybody could see and stop these tasks: set a token, or leave host at 127.0.0.1`,
    )
  }
  const handler = inspectorHandler(targets, others)
  try {
    const { server, close } = await listen(handler, port, host)
    const { port: bound } = server.address() as AddressInfo
    const name = host.includes(':') ? `[${host}]` : host
    let closed: Promise<void> | undefined
    const end = () => {
      handler.close()
      closed ??= close()
      return closed
    }
    return { url: `http://${name}:${bound}/`, port: bound, close: end, [Symbol.asyncDispose]: end }
  } catch (error) {
    handler.close()
    throw error
  }
}
