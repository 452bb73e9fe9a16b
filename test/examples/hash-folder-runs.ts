import { type ChildProcess, execFileSync, type StdioOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, onTestFinished } from 'vitest'

export const PROJECT = resolve(import.meta.dirname, '../..')
export const SCRIPT = join(PROJECT, 'examples/hash-folder/main.ts')
/** Sparse, so it takes no room on the disk, and minutes to hash. */
export const SLOW = 100 * 2 ** 30
/** Long enough to be caught in the middle, also by a test that has to wait for its turn, short enough to wait for. */
export const SLOWISH = 2 ** 30

/** What a person's shell does not have: what npm and build servers tell the programs they start. */
const NOT_IN_A_SHELL = /^(npm_.*|INIT_CWD|CI|NO_PROGRESS)$/

/** As a shell has it: the rest is set only where a test says so. */
export const ENV = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_IN_A_SHELL.test(name)))

/** A folder of its own for each test, with an empty `folder` in it. */
export let place: string

/** For a file of tests: has each of them find its own. */
export function useFolders(): void {
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'hash-folder-'))
    mkdirSync(join(place, 'folder'))
  })
  afterEach(() => rmSync(place, { recursive: true }))
}

/** Opens a file until the end of the test. */
export function opened(path: string, flags: string | number): number {
  const descriptor = openSync(path, flags)
  onTestFinished(() => closeSync(descriptor))
  return descriptor
}

/** Writes files under `folder`: a string is the content, a number the length of a sparse file. */
export function write(files: Record<string, string | number>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(place, 'folder', name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, typeof content === 'string' ? content : '')
    if (typeof content === 'number') truncateSync(path, content)
  }
}

/** Runs to the end. */
export function run(...args: string[]) {
  const options = { cwd: place, env: ENV, timeout: 50_000, maxBuffer: 2 ** 26 }
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], options)
  return { status, stdout, stderr: stderr.toString() }
}

export function shell(command: string, input?: Buffer): Buffer {
  return execFileSync('bash', ['-c', command], { cwd: place, input, stdio: ['pipe', 'pipe', 'pipe'] })
}

/** A pipe with no room left, and a reader who never makes any. */
export function fullPipe(): number {
  shell('mkfifo full')
  const pipe = opened(join(place, 'full'), constants.O_RDWR | constants.O_NONBLOCK)
  try {
    for (;;) writeSync(pipe, 'x')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return pipe
    throw error
  }
}

interface RunningOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly stdout?: number | 'pipe'
}

/** A run to interfere with. */
export class Running {
  readonly child: ChildProcess
  readonly closed: Promise<unknown[]>
  stdout = ''
  stderr = ''

  constructor(args: readonly string[], { cwd = place, env, stdout = 'pipe' }: RunningOptions = {}) {
    const stdio: StdioOptions = ['ignore', stdout, 'pipe']
    this.child = spawn(process.execPath, [SCRIPT, ...args], { cwd, env: { ...ENV, ...env }, stdio })
    this.closed = once(this.child, 'close')
    this.child.stdout?.on('data', chunk => {
      this.stdout += chunk
    })
    this.child.stderr?.on('data', chunk => {
      this.stderr += chunk
    })
  }

  async until(stream: 'stdout' | 'stderr', text: string): Promise<void> {
    while (!this[stream].includes(text)) {
      const ended = await Promise.race([
        this.child[stream] && once(this.child[stream], 'data').then(() => false),
        this.closed.then(() => !this[stream].includes(text)),
      ])
      if (ended) throw new Error(`ended without ${text} on ${stream}: ${this.stderr}`)
    }
  }

  async exitCode(): Promise<unknown> {
    const [code] = await this.closed
    return code
  }
}

/** The processes that it has started and that still run, without the time that it takes to start another one. */
export function childrenOf({ pid }: ChildProcess): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return list.split(' ').filter(Boolean).map(Number)
}

/** Tests of the example, on systems that have what they use. */
export const describeHashFolder = describe.skipIf(process.platform !== 'linux' || !process.features.typescript)
