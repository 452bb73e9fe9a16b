import { WorkerCrashedError } from '../../base/errors.ts'
import { callable } from '../functions/outside-error.ts'
import type { HostExit } from '../messages/host.ts'

type Kind = 'thread' | 'process'

/** What a call rejects with whose worker ended under it. */
export function callCrashed(name: string, kind: Kind, exit: HostExit, because: string | undefined): WorkerCrashedError {
  const lost = `${callable(name)} has no result: its ${kind}`
  if (because !== undefined) return crash(`${lost} was ended because ${because}`, exit)
  return crash(`${lost} ${howItEnded(exit)}. ${remedy(exit)}`, exit)
}

/** What a worker's `ready` rejects with, and the calls that waited for it. */
export function startFailed(kind: Kind, exit: HostExit, because: string | undefined): WorkerCrashedError {
  const how = because === undefined ? `it ${howItEnded(exit)}` : because
  return crash(`a worker ${kind} did not start: ${how}`, exit)
}

/** What is asked of a worker that is gone. */
export function workerGone(exit: HostExit): WorkerCrashedError {
  return crash(`the worker is gone: it ${howItEnded(exit)}`, exit)
}

function crash(message: string, exit: HostExit): WorkerCrashedError {
  const cause = 'error' in exit ? { cause: exit.error } : {}
  return new WorkerCrashedError(message, exit.exitCode, exit.signal, cause)
}

function howItEnded(exit: HostExit): string {
  if (exit.exitCode === null && exit.signal === null) return `could not be started: ${firstLine(exit.error)}`
  const by = exit.signal === null ? `ended with exit code ${exit.exitCode}` : `was ended by ${exit.signal}`
  return 'error' in exit ? `${by} after an uncaught error: ${firstLine(exit.error)}` : by
}

function remedy(exit: HostExit): string {
  if ((exit.error as { code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return 'Give it less to do at a time, or more memory (resourceLimits)'
  }
  if ('error' in exit) return 'Catch the error inside the function, or reject with it'
  if (exit.signal === 'SIGABRT')
    return 'It ran out of memory (resourceLimits raises what it may take) or called process.abort'
  if (exit.signal !== null) return 'A process sent it that signal, or the system did to get its memory back'
  return 'A function ends by returning or throwing, not by process.exit'
}

function firstLine(error: unknown): string {
  return String(error).split('\n', 1)[0] as string
}
