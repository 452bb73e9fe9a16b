import { type ChildProcess, type ForkOptions, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import { deserialize, serialize } from 'node:v8'
import { startTimer, type Timer } from '../../clock.ts'
import { bare } from '../../options.ts'
import { workerEnvironment } from '../functions/nesting.ts'
import { entryUrl } from './entry-url.ts'
import type { HostExit, HostOptions } from './host.ts'
import type { Link, LinkListener } from './link.ts'
import { PassedOn } from './pass-on.ts'
import { signalGroup } from './process-group.ts'
import type { FromWorker, ToWorker } from './protocol.ts'
import { environment, ownOptions, processFlags, workerArguments } from './surroundings.ts'
import { WorkerHost } from './worker-host.ts'

/** Milliseconds between SIGTERM and SIGKILL: the cleanup of a call has had its own time before. */
const KILL_GRACE = 500

/**
 * Starts a process as a worker.
 *
 * It leads a process group of its own: what its functions start is ended with it, and Ctrl-C in a terminal reaches this
 * process only, which decides. When this process ends, however it does, the worker ends too. What it writes to stdout and
 * stderr goes through this process's streams.
 */
export function startProcessHost(options: HostOptions = {}): WorkerHost {
  const own = ownOptions(options)
  return new WorkerHost(listener => new ProcessLink(own, listener), own)
}

type ProcessExit = Omit<HostExit, 'requested'>

class ProcessLink implements Link {
  readonly kind = 'process'
  readonly id: number
  readonly #child: ChildProcess
  readonly #stdout: PassedOn
  readonly #stderr: PassedOn
  readonly #listener: LinkListener
  #killTimer: Timer | undefined
  #exit: ProcessExit | undefined
  #told = false

  constructor(options: HostOptions, listener: LinkListener) {
    this.#listener = listener
    this.#child = fork(
      entryUrl('process-entry'),
      workerArguments(),
      bare<ForkOptions>({
        serialization: 'advanced',
        detached: process.platform !== 'win32',
        // The fourth is the lifeline: the worker reads it, nobody writes, and its end is that of this process.
        stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'ipc'],
        env: environment({ ...options.env, ...workerEnvironment() }),
        execArgv: processFlags(options),
      }),
    )
    this.id = this.#child.pid ?? -1
    this.#stdout = new PassedOn(this.#child.stdout, () => process.stdout)
    this.#stderr = new PassedOn(this.#child.stderr, () => process.stderr)
    // What its functions send by `process.send` arrives here too.
    this.#child.on('message', message => Array.isArray(message) && listener.message(message as unknown as FromWorker))
    this.#child.on('error', error => this.#failed(error))
    this.#child.on('exit', (exitCode, signal) => this.#exited(exitCode, signal))
    this.#child.on('disconnect', () => this.#disconnected())
  }

  /** A clone of a clone shows what a process would get; the message itself is cloned by `send`. */
  readonly carry = (value: unknown): unknown => deserialize(serialize(value))

  post(message: ToWorker): void {
    // Errors of the channel mean that the worker is gone, and its exit settles everything.
    this.#child.send?.(message as unknown as object, () => {})
  }

  async printed(stdout: number, stderr: number): Promise<void> {
    await Promise.all([this.#stdout.reached(stdout), this.#stderr.reached(stderr)])
  }

  end(): void {
    this.#signal('SIGTERM')
    this.#killTimer ??= startTimer(KILL_GRACE, () => this.#signal('SIGKILL'))
  }

  hold(alive: boolean): void {
    const { stdio, channel } = this.#child
    // When the process could not be started, some of them are missing.
    const streams = (stdio ?? []) as readonly (Socket | null | undefined)[]
    for (const handle of [this.#child, channel, ...streams]) {
      if (alive) handle?.ref()
      else handle?.unref()
    }
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#child.pid !== undefined) signalGroup(this.#child.pid, signal)
  }

  /** It could not be started; every other error is followed by the exit. */
  #failed(error: Error): void {
    if (this.#child.pid !== undefined || this.#exit !== undefined) return
    this.#exit = { exitCode: null, signal: null, error }
    this.#over(this.#exit)
  }

  #exited(exitCode: number | null, signal: string | null): void {
    this.#exit = { exitCode, signal }
    this.#killTimer?.cancel()
    // What its functions started would live on, and may hold the channel open.
    this.#signal('SIGKILL')
    if (!this.#child.connected) this.#over(this.#exit)
  }

  /** Everything it said has arrived. One that cut itself off can't be called any more. */
  #disconnected(): void {
    if (this.#exit === undefined) this.end()
    else this.#over(this.#exit)
  }

  #over(exit: ProcessExit): void {
    if (this.#told) return
    this.#told = true
    this.#listener.exited(exit)
  }
}
