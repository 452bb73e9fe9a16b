import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { ServeOptions } from '../../../src/bullmq.ts'
import { TaskWorker, type TaskWorkerOptions } from '../../../src/worker.ts'
import { until } from '../../harness.ts'
import type { OwnServer } from '../../servers/own-server.ts'
import { ownQueue } from '../../servers/queues.ts'
import { temporaryFolder } from '../../servers/temporary-folder.ts'
import type { TestServer } from '../../servers/test-server.ts'
import { startWorker, type WorkerProcess } from '../worker-process.ts'

/** Milliseconds until another worker has the calls of one that is gone, where a test waits for that. */
export const LOCK = 4_000
/** Milliseconds that are not over before a test is. */
export const PATIENCE = 120_000

const FUNCTIONS = new URL('../../fixtures/bullmq/fault-functions.ts', import.meta.url)
const CALL = fileURLToPath(new URL('../../fixtures/bullmq/call.ts', import.meta.url))

/** A caller in a process of its own. */
export interface CallerProcess {
  readonly child: ChildProcess
  /** What it has said: see the fixture. */
  readonly lines: readonly string[]
  /** What it has logged. */
  readonly log: readonly string[]
  /** Resolves when the process is gone: with the results of its calls if it has lived to get them. */
  readonly ended: Promise<readonly unknown[] | null>
}

/** A line that a function has noted. */
export interface Note {
  readonly what: string
  readonly name: string
  readonly pid: number
  /** Epoch milliseconds. */
  readonly at: number
}

/** What one test works with: a queue with its callers and its workers, all of them gone when it has finished. */
export class Scene {
  readonly server: TestServer
  readonly queue: string
  /** For functions, to note in what they do. */
  readonly folder = temporaryFolder()
  /** What callers have logged. */
  readonly log: string[] = []

  constructor(server: TestServer) {
    this.server = server
    this.queue = ownQueue(server, 'faults')
  }

  /** On a server of its own, which is gone with the rest. */
  static async onOwn(start: () => Promise<OwnServer>): Promise<{ scene: Scene; server: OwnServer }> {
    const server = await start()
    onTestFinished(() => server[Symbol.asyncDispose]())
    const scene = new Scene(server)
    onTestFinished(() => server.start())
    return { scene, server }
  }

  async caller(options: TaskWorkerOptions = {}): Promise<TaskWorker> {
    const caller = await TaskWorker.start({
      mode: 'distributed',
      connection: this.server.url,
      queue: this.queue,
      module: FUNCTIONS,
      cleanupTimeout: 50,
      logger: { error: (_, message) => void this.log.push(message) },
      ...options,
    })
    onTestFinished(async () => void (await caller.close({ timeout: 0 })))
    return caller
  }

  /** A caller in a process of its own, with calls of these functions. */
  callerProcess(
    options: TaskWorkerOptions,
    ...calls: readonly (readonly [name: string, ...args: unknown[]])[]
  ): CallerProcess {
    const all = { connection: this.server.url, queue: this.queue, ...options }
    const args = ['--disable-warning=ExperimentalWarning', CALL, JSON.stringify(all), JSON.stringify(calls)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const lines: string[] = []
    createInterface(child.stdout).on('line', line => void lines.push(line))
    const log: string[] = []
    createInterface(child.stderr).on('line', line => void log.push(line))
    const ended = once(child, 'close').then(() => JSON.parse(lines.find(line => line.startsWith('[')) ?? 'null'))
    onTestFinished(async () => {
      child.kill('SIGKILL')
      await ended
    })
    return { child, lines, log, ended }
  }

  /** A worker machine, once it is ready. However slow it is it keeps its calls, unless it is given a `lockDuration`. */
  async machine(options: Partial<ServeOptions> = {}): Promise<WorkerProcess> {
    const machine = await startWorker(FUNCTIONS, {
      connection: this.server.url,
      queue: this.queue,
      lockDuration: PATIENCE,
      cleanupTimeout: 200,
      ...options,
    })
    onTestFinished(() => machine[Symbol.asyncDispose]())
    return machine
  }

  notes(what?: string, name?: string): Note[] {
    const file = join(this.folder, 'notes')
    if (!existsSync(file)) return []
    const notes = readFileSync(file, 'utf8').split('\n').slice(0, -1).map(parseNote)
    return notes.filter(note => (what ?? note.what) === note.what && (name ?? note.name) === note.name)
  }

  /** Waits until so many such notes are there, and gives the last of them. */
  async noted(what: string, name?: string, count = 1): Promise<Note> {
    await until(() => this.notes(what, name).length >= count)
    return this.notes(what, name)[count - 1] as Note
  }

  /** Lets functions go that wait for it. */
  open(name: string): void {
    writeFileSync(join(this.folder, name), '')
  }
}

function parseNote(line: string): Note {
  const [what = '', name = '', pid, at] = line.split(' ')
  return { what, name, pid: Number(pid), at: Number(at) }
}

/** Ends a process as a power cut would. */
export async function kill({
  child,
  ended,
}: Pick<WorkerProcess, 'child'> & { readonly ended: Promise<unknown> }): Promise<void> {
  child.kill('SIGKILL')
  await ended
}
