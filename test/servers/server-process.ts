import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { killAtOnce } from './kill-at-once.ts'
import type { ServerFolder } from './server-folder.ts'

/** Milliseconds. A start takes a fraction of a second; this is for one that would never end. */
const START_TIMEOUT = 30_000
/** What both Redis and PostgreSQL say, once they have bound their port and have read their data. */
const READY = /ready to accept connections/i
/** As both say it when another process has the port. */
const PORT_TAKEN = /address already in use/i
/** Characters kept of what a server says. */
const LOG_SIZE = 4_000

/** The process of a server, which can be ended and started again. It does not keep this process alive. */
export class ServerProcess {
  readonly #folder: ServerFolder
  readonly #command: readonly string[]
  #running: { readonly child: ChildProcess; readonly end: Promise<unknown> } | undefined
  #log = ''

  constructor(folder: ServerFolder, command: readonly string[]) {
    this.#folder = folder
    this.#command = command
  }

  /** Whether the last start failed because another process has the port. */
  get portTaken(): boolean {
    return PORT_TAKEN.test(this.#log)
  }

  /** Resolves when it accepts connections; rejects with what it said when it ends before that. */
  async start(): Promise<void> {
    if (this.#running) return
    const [file = '', ...args] = this.#command
    this.#log = ''
    const child = this.#folder.run(file, args)
    // With its output: when its children have ended too, and all it said has been read.
    const end = once(child, 'close').finally(() => {
      this.#running = undefined
    })
    this.#running = { child, end }
    const timeout = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT)
    try {
      const started = await Promise.race([end.then(() => false), this.#ready(child).then(() => true)])
      if (!started) throw new Error(`${file} did not start: ${this.#log.trim()}`)
      hold(child, 'unref')
    } finally {
      clearTimeout(timeout)
    }
  }

  /** Resolves when it and its children have ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#running
    if (running === undefined) return
    hold(running.child, 'ref')
    running.child.kill(signal)
    await running.end
  }

  /** Resolves when it and its children have ended. */
  async kill(): Promise<void> {
    const running = this.#running
    if (running?.child.pid === undefined) return
    hold(running.child, 'ref')
    killAtOnce(running.child.pid)
    await running.end
  }

  #ready(child: ChildProcess): Promise<void> {
    return new Promise(resolve => {
      for (const stream of [child.stdout, child.stderr]) {
        // Read to the end: a server that nobody listens to would wait for it in the middle of its work.
        stream?.on('data', chunk => {
          this.#log = (this.#log + chunk).slice(-LOG_SIZE)
          if (READY.test(this.#log)) resolve()
        })
      }
    })
  }
}

function hold(child: ChildProcess, how: 'ref' | 'unref'): void {
  for (const handle of [child, child.stdout as Socket, child.stderr as Socket]) handle[how]()
}
