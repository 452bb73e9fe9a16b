import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'

/** What a person's shell does not have: what npm, build servers and this test run tell the programs they start. */
const NOT_IN_A_SHELL = /^(npm_.*|INIT_CWD|CI|NO_PROGRESS|REDIS_URL|DATABASE_URL)$/

/** As a shell has it: the rest is set only where a test says so. */
const ENV = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_IN_A_SHELL.test(name)))

export interface ProgramOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/** A TypeScript program in a process of its own, which ends with the test at the latest. */
export class RunningProgram {
  readonly child: ChildProcess
  /** Resolves when it has ended and all it said is there: with its exit code, or the signal that has ended it. */
  readonly ended: Promise<number | string>
  stdout = ''
  stderr = ''

  constructor(script: string, args: readonly string[], { cwd, env }: ProgramOptions = {}) {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], {
      cwd,
      env: { ...ENV, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child = child
    this.ended = once(child, 'close').then(([exitCode, signal]) => exitCode ?? signal)
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', text => {
        this[stream] += text
      })
    }
    onTestFinished(async () => {
      child.kill('SIGKILL')
      await this.ended
    })
  }

  /** Resolves when it has said that; rejects when it ends without. */
  async until(stream: 'stdout' | 'stderr', text: string): Promise<void> {
    while (!this[stream].includes(text)) {
      const said = once(this.child[stream] as NodeJS.EventEmitter, 'data').then(() => true)
      const more = await Promise.race([said, this.ended.then(() => this[stream].includes(text))])
      if (!more) throw new Error(`it ended without '${text}' on ${stream}: ${this.stderr}`)
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }
}
