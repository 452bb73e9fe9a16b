import { resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { type TaskFunction, task, type WorkerOptions } from '../../src/worker.ts'
import { type ProgramOptions, RunningProgram } from '../running-program.ts'
import type { TestServer } from '../servers/test-server.ts'

/** The command. */
export const SCRIPT = resolve(import.meta.dirname, '../../src/cli/main.ts')
/** The module that tests have served. */
export const FUNCTIONS = resolve(import.meta.dirname, '../fixtures/bullmq/functions.ts')
/** The command, from its source. */
export function command(args: readonly string[], options?: ProgramOptions): RunningProgram {
  return new RunningProgram(SCRIPT, args, options)
}

/** A command that serves, once it does. */
export async function serving(
  { kind, url }: TestServer,
  queue: string,
  args: readonly string[],
  options?: ProgramOptions,
): Promise<RunningProgram> {
  const program = command(['serve', '--queue', queue, `--${kind}`, url, ...args], options)
  await program.until('stderr', 'serving')
  return program
}

/** Calls from this process. */
export function caller<A extends readonly unknown[], R>(
  { url: connection }: TestServer,
  queue: string,
  fn: (...args: A) => R,
  options?: WorkerOptions,
): TaskFunction<A, R> {
  const made = task(fn, { mode: 'distributed', connection, queue, logger: false, ...options })
  // Not awaited: where a worker was ended nobody says that its call has stopped.
  onTestFinished(() => void made.close({ timeout: 0 }))
  return made
}
