import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** What a worker serves, and where. */
export interface WorkerOptions {
  readonly connection: string
  readonly queue: string
  readonly jobs: number
}

const COMMAND = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const TASKS = fileURLToPath(new URL('./tasks.ts', import.meta.url))
/** Milliseconds. The other worker has the files of a dead one after so long. */
const LOCK_DURATION = 5_000
/** Milliseconds until a server that is not there is given up. */
const CONNECT_TIMEOUT = 2_000

/** One `taskscope serve` in a process of its own, as a machine would have it. It ends with this process at the latest. */
export class WorkerProcess {
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  #said = ''
  #serves = false
  #stopping = false

  private constructor({ connection, queue, jobs }: WorkerOptions) {
    const args = ['--queue', queue, '--jobs', String(jobs), '--lock-duration', String(LOCK_DURATION)]
    this.#child = spawn(
      process.execPath,
      [...process.execArgv, COMMAND, 'serve', TASKS, ...args, '--connect-timeout', String(CONNECT_TIMEOUT)],
      // The URL may have a password: the list of processes would show an option.
      { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...variables(connection) } },
    )
    this.#closed = once(this.#child, 'close')
    process.on('exit', () => this.#child.kill('SIGKILL'))
  }

  /** Resolves when it serves; rejects with what it said when it has ended instead. */
  static async start(options: WorkerOptions): Promise<WorkerProcess> {
    const worker = new WorkerProcess(options)
    const refused = worker.#closed.then(() => Promise.reject(new Error(worker.#said)))
    await Promise.race([worker.#listen(), refused])
    return worker
  }

  /** Passes on what it says from then on that it serves, which is when this resolves. */
  #listen(): Promise<void> {
    return new Promise(resolve => {
      createInterface({ input: this.#child.stderr as NodeJS.ReadableStream }).on('line', line => {
        this.#said = line.replace(/^taskscope: /, '')
        this.#serves ||= this.#said.startsWith('serving')
        if (!this.#serves) return
        process.stderr.write(`worker ${this.#child.pid}: ${this.#said}\n`)
        resolve()
      })
    })
  }

  /** Resolves if it ends though nobody has told it to. */
  async lost(): Promise<void> {
    await this.#closed
    const { pid, exitCode, signalCode } = this.#child
    if (this.#stopping || exitCode === 0) return new Promise(() => {})
    process.stderr.write(`worker ${pid}: ended (${signalCode ?? `exit code ${exitCode}`})\n`)
  }

  /** Has it stop in order; resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#child.kill('SIGTERM')
    await this.#closed
  }
}

/** Both: one that this process has inherited must not count. */
function variables(connection: string): NodeJS.ProcessEnv {
  const isRedis = connection.startsWith('redis')
  return { REDIS_URL: isRedis ? connection : '', DATABASE_URL: isRedis ? '' : connection }
}
