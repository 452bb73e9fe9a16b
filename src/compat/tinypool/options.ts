import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { duration, oneOf, present, show } from '../../base/options.ts'
import { availableParallelism } from '../../base/platform.ts'
import { packValue } from '../../worker/functions/carry.ts'
import { copyFor } from '../../worker/functions/uncarriable.ts'
import { checkHostOptions } from '../../worker/parent/check-host-options.ts'
import { concurrency, expected } from '../shared/expect.ts'
import type { FilledOptions, Options, Runtime } from './types.ts'

const RUNTIMES = ['worker_threads', 'child_process'] as const

/** Throws for what is wrong, and for what can't be had. */
export function filledOptions(options: Options): FilledOptions {
  refuseMissing(options)
  checkHostOptions(present(options))
  const processors = availableParallelism()
  const least = threads('minThreads', options.minThreads, processors)
  const most = threads('maxThreads', options.maxThreads, processors)
  if (least !== undefined && most !== undefined && least > most)
    throw new RangeError('options.minThreads and options.maxThreads must not conflict')
  const maxThreads = most ?? Math.max(processors, least ?? 0)
  const minThreads = least ?? Math.min(maxThreads, Math.ceil(processors / 2))
  const { filename, name = 'default', runtime = 'worker_threads', idleTimeout = 0, maxQueue } = options
  refuseUncarriable(options.workerData, oneOf('runtime', RUNTIMES, runtime))
  return Object.freeze({
    ...options,
    filename: filename == null ? null : pathOf(filename),
    name,
    runtime,
    minThreads,
    maxThreads,
    idleTimeout: duration('idleTimeout', idleTimeout),
    maxQueue: maxQueue === 'auto' ? maxThreads ** 2 : queue(maxQueue),
    concurrentTasksPerWorker: concurrency('concurrentTasksPerWorker', options.concurrentTasksPerWorker ?? 1),
    ...(options.terminateTimeout !== undefined && {
      terminateTimeout: duration('terminateTimeout', options.terminateTimeout),
    }),
  })
}

function refuseMissing({ taskQueue, serialization, trackUnmanagedFds }: Options): void {
  if (taskQueue !== undefined) throw new TypeError('taskQueue is not there: tasks wait in the queue of this library')
  if (serialization !== undefined && serialization !== 'advanced') {
    throw new TypeError(
      `serialization must be 'advanced', the structured clone of messages, got ${show(serialization)}`,
    )
  }
  if (trackUnmanagedFds === false) throw new TypeError('trackUnmanagedFds can not be turned off')
}

/** Workers are started later, when nobody is there to be told. */
function refuseUncarriable(workerData: unknown, runtime: Runtime): void {
  const kind = runtime === 'child_process' ? 'process' : 'thread'
  try {
    copyFor(kind, packValue(workerData, kind).data)
  } catch (cause) {
    throw new TypeError(`workerData can't be carried to a ${kind}: ${String(cause)}`, { cause })
  }
}

function threads(option: string, value: number | undefined, processors: number): number | undefined {
  if (value === undefined) return undefined
  if (value > 0 && value < 1) return Math.max(1, Math.floor(value * processors))
  if (option === 'minThreads' && value === 0) return 0
  return concurrency(option, value)
}

function queue(value: number = Number.POSITIVE_INFINITY): number {
  if (value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && value >= 0)) return value
  throw expected('maxQueue', "an integer from 0 and up, `Infinity` or 'auto'", value)
}

/** As messages show it: the path of a `file:` URL, anything else as it is. */
export function pathOf(filename: string | URL): string {
  if (typeof filename !== 'string' && !(filename instanceof URL))
    throw expected('filename', 'a path or a URL', filename)
  const text = String(filename)
  return text.startsWith('file:') ? fileURLToPath(text) : text
}

/** What a worker imports: a relative path is one from the working directory. */
export function urlOf(path: string): string {
  return /^[a-z][a-z\d+.-]+:/i.test(path) ? path : pathToFileURL(resolve(path)).href
}
