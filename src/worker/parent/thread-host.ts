import {
  MessageChannel,
  receiveMessageOnPort,
  type Transferable,
  Worker,
  type WorkerOptions,
} from 'node:worker_threads'
import { bare } from '../../base/options.ts'
import { entryUrl } from '../child/entry-url.ts'
import { workerEnvironment } from '../functions/nesting.ts'
import { copyFor, notTooDeep } from '../functions/uncarriable.ts'
import type { HostExit, HostOptions, StartOptions } from '../messages/host.ts'
import type { Link, LinkListener } from '../messages/link.ts'
import type { ToWorker, TransferList } from '../messages/protocol.ts'
import { discardOnceUnpiped } from './pass-on.ts'
import { environment, ownOptions } from './surroundings.ts'
import { WorkerHost } from './worker-host.ts'

/**
 * Starts a thread of this process as a worker.
 *
 * It is ended by `terminate()`, which stops a hot loop too, but waits for native code that blocks (`execSync`). What it
 * writes to stdout and stderr goes through this process's streams.
 */
export function startThreadHost(options: StartOptions = {}): WorkerHost {
  const own = ownOptions(options)
  return new WorkerHost(listener => new ThreadLink(own, listener), own)
}

class ThreadLink implements Link {
  readonly kind = 'thread'
  readonly id: number
  readonly carry = (value: unknown): unknown => copyFor('thread', notTooDeep(value))
  readonly #worker: Worker
  readonly #port: MessageChannel['port1']
  readonly #listener: LinkListener
  /** Apart from being thrown, an error that ends a thread is lost. */
  #error: { readonly error: unknown } | undefined

  constructor(options: HostOptions, listener: LinkListener) {
    const { port1, port2 } = new MessageChannel()
    this.#listener = listener
    // A channel of our own, since `parentPort` belongs to the functions.
    this.#port = port1
    const entry = entryUrl('thread-entry')
    // A thread has this flag of the process too, and then refuses every program that is a file.
    const evaluated = process.execArgv.some(flag => flag.startsWith('--input-type'))
    this.#worker = new Worker(
      evaluated ? `import('${entry}')` : entry,
      bare<WorkerOptions>({
        eval: evaluated,
        name: 'taskscope',
        argv: [...(options.argv ?? [])],
        env: environment({ ...options.env, ...workerEnvironment() }, options.inheritEnv),
        ...(options.execArgv !== undefined && { execArgv: [...options.execArgv] }),
        ...(options.resourceLimits !== undefined && { resourceLimits: options.resourceLimits }),
      }),
    )
    this.#worker.postMessage(port2, [port2])
    this.id = this.#worker.threadId
    // Node passes them on by itself; read by us they would keep this process alive.
    discardOnceUnpiped(this.#worker.stdout, process.stdout)
    discardOnceUnpiped(this.#worker.stderr, process.stderr)
    port1.on('message', message => listener.message(message))
    // Which call it was for can't be told: none of them may wait for ever.
    port1.on('messageerror', error => listener.spoiled(error))
    this.#worker.on('message', message => listener.message(['said', message]))
    this.#worker.on('error', error => {
      this.#error ??= { error }
    })
    this.#worker.on('exit', exitCode => this.#exited(exitCode))
  }

  post(message: ToWorker, transfer?: TransferList): void {
    this.#port.postMessage(message, transfer as readonly Transferable[])
  }

  async printed(): Promise<void> {}

  async drained(): Promise<void> {}

  end(): void {
    void this.#worker.terminate()
  }

  hold(alive: boolean): void {
    if (alive) {
      this.#worker.ref()
      this.#port.ref()
    } else {
      this.#worker.unref()
      this.#port.unref()
    }
  }

  /** The thread's end overtakes what it said on our own channel. */
  #exited(exitCode: number): void {
    for (let last = receiveMessageOnPort(this.#port); last !== undefined; last = receiveMessageOnPort(this.#port)) {
      this.#listener.message(last.message)
    }
    this.#port.close()
    const exit: Omit<HostExit, 'requested'> = { exitCode, signal: null, ...this.#error }
    this.#listener.exited(exit)
  }
}
