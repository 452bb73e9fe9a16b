import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ServeOptions } from '../../src/bullmq.ts'

const SERVE = fileURLToPath(new URL('../fixtures/bullmq/serve.ts', import.meta.url))

/** A worker machine: a process that serves the functions of a module. */
export interface WorkerProcess extends AsyncDisposable {
  readonly child: ChildProcess
  readonly output: { stdout: string; stderr: string }
  /** Resolves when the process is gone. */
  readonly ended: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>
}

/** Resolves when it is ready for calls. */
export async function startWorker(module: URL, options: ServeOptions): Promise<WorkerProcess> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', SERVE, module.href, JSON.stringify(options)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const output = { stdout: '', stderr: '' }
  const ended = once(child, 'close').then(([exitCode, signal]) => ({ exitCode, signal }))
  const ready = new Promise<void>(resolve => {
    child.stdout.setEncoding('utf8').on('data', text => {
      output.stdout += text
      if (output.stdout.includes('ready\n')) resolve()
    })
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    output.stderr += text
  })
  const failed = ended.then(end => {
    throw new Error(`the worker ended before it was ready: ${JSON.stringify(end)} ${output.stderr}`)
  })
  failed.catch(() => {})
  await Promise.race([ready, failed])
  return {
    child,
    output,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
