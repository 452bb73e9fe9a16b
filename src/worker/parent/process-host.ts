import type { ChildProcess, SpawnOptions } from 'node:child_process'
import type { Socket } from 'node:net'
import { startTimer, type Timer } from '../../base/clock.ts'
import { bare } from '../../base/options.ts'
import { entryUrl } from '../child/entry-url.ts'
import { signalGroup } from '../child/process-group.ts'
import { workerEnvironment } from '../functions/nesting.ts'
import { copyFor, notTooDeep } from '../functions/uncarriable.ts'
import { Channel } from '../messages/channel.ts'
import type { HostExit, HostOptions, StartOptions } from '../messages/host.ts'
import type { Link, LinkListener } from '../messages/link.ts'
import { INCOMING, OUTGOING, PREFACE_BYTES, prefaceBytes, prefaceIn } from '../messages/preface.ts'
import type { ToWorker } from '../messages/protocol.ts'
import { getBuiltinModule } from '../node.ts'
import { endOnceOrphaned, forgetWorker } from './orphans.ts'
import { PassedOn } from './pass-on.ts'
import { environment, ownOptions, processFlags } from './surroundings.ts'
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
export function startProcessHost(options: StartOptions = {}): WorkerHost {
  const own = ownOptions(options)
  return new WorkerHost(listener => new ProcessLink(own, listener), own)
}

type ProcessExit = Omit<HostExit, 'requested'>

class ProcessLink implements Link {
  readonly kind = 'process'
  readonly id: number
  readonly #child: ChildProcess
  readonly #channel: Channel | undefined
  readonly #stdout: PassedOn
  readonly #stderr: PassedOn
  readonly #listener: LinkListener
  #killTimer: Timer | undefined
  #exit: ProcessExit | undefined
  /** Its end of the channel is closed, and everything it said has arrived. */
  #cutOff = false
  #told = false

  constructor(options: HostOptions, listener: LinkListener) {
    this.#listener = listener
    const entry = getBuiltinModule('node:url').fileURLToPath(entryUrl('process-entry'))
    this.#child = getBuiltinModule('node:child_process').spawn(
      process.execPath,
      [...processFlags(options), entry, ...(options.argv ?? [])],
      bare<SpawnOptions>({
        detached: process.platform !== 'win32',
        stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
        env: environment({ ...options.env, ...workerEnvironment() }, options.inheritEnv),
      }),
    )
    this.id = this.#child.pid ?? -1
    const watched = this.#child.pid !== undefined && endOnceOrphaned(this.#child.pid)
    this.#stdout = new PassedOn(this.#child.stdout, () => process.stdout)
    this.#stderr = new PassedOn(this.#child.stderr, () => process.stderr)
    this.#channel = this.#openChannel(watched)
    this.#child.on('error', error => this.#failed(error))
    this.#child.on('exit', (exitCode, signal) => this.#exited(exitCode, signal))
  }

  readonly carry = (value: unknown): unknown => copyFor('process', notTooDeep(value))

  post(message: ToWorker): void {
    this.#channel?.post(message)
  }

  async printed(stdout: number, stderr: number): Promise<void> {
    await Promise.all([this.#stdout.reached(stdout), this.#stderr.reached(stderr)])
  }

  async drained(): Promise<void> {
    await Promise.all([this.#stdout.drained(), this.#stderr.drained()])
  }

  end(): void {
    this.#signal('SIGTERM')
    this.#killTimer ??= startTimer(KILL_GRACE, () => this.#signal('SIGKILL'))
  }

  hold(alive: boolean): void {
    for (const handle of [this.#child, ...this.#pipes]) {
      // Bun's pipes have neither.
      if (alive) handle?.ref?.()
      else handle?.unref?.()
    }
  }

  /** When the process could not be started, some of them are missing. */
  get #pipes(): readonly (Socket | null | undefined)[] {
    return (this.#child.stdio ?? []) as readonly (Socket | null | undefined)[]
  }

  /** @param watched whether the end of this process is the end of the worker, without its doing */
  #openChannel(watched: boolean): Channel | undefined {
    const { [OUTGOING]: incoming, [INCOMING]: outgoing } = this.#pipes
    if (!incoming || !outgoing) return undefined
    // Its other end is gone: the incoming pipe closes too.
    outgoing.on('error', () => {})
    const write = (bytes: Buffer) => void (outgoing.writable && outgoing.write(bytes))
    const preface = prefaceBytes(getBuiltinModule('node:crypto').randomBytes(PREFACE_BYTES), !watched)
    write(preface)
    const { ofCaller, ofWorker } = prefaceIn(preface)
    const tokens = { own: ofCaller, other: ofWorker }
    const channel = new Channel(write, tokens, {
      message: message => this.#listener.message(message),
      spoiled: error => this.#listener.spoiled(error),
      closed: () => this.#disconnected(),
    })
    incoming.on('data', (bytes: Buffer) => channel.read(bytes))
    channel.closeWith(incoming)
    return channel
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
    forgetWorker(this.id)
    // What its functions started would live on, and may hold the channel open.
    this.#signal('SIGKILL')
    if (this.#cutOff) this.#over(this.#exit)
  }

  /** One that cut itself off can't be called any more. */
  #disconnected(): void {
    this.#cutOff = true
    if (this.#exit === undefined) this.end()
    else this.#over(this.#exit)
  }

  #over(exit: ProcessExit): void {
    if (this.#told) return
    this.#told = true
    this.#listener.exited(exit)
  }
}
