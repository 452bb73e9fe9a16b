import { availableParallelism } from 'node:os'
import { WorkerCrashedError } from '../errors.ts'
import type { TaskContext } from '../task/types.ts'
import type { PreparedCall } from '../worker/engine.ts'
import { startThreadHost } from '../worker/host/thread-host.ts'
import { WorkerPool } from '../worker/pool/worker-pool.ts'
import { PoolEngine } from '../worker/pool-engine.ts'
import { type HashInput, sha256 } from './sha256.ts'

const MAX_THREADS = 4
/** Milliseconds: far longer than a thread takes to start again. */
const IDLE_TIMEOUT = 10_000

let hash: PreparedCall | undefined

/**
 * Runs {@link sha256} in one of a few threads that all callers in the process share. Told to stop, the call is ended with
 * its thread at once: it hears nothing while it works, and has nothing to clean up.
 */
export async function hashInThread(input: HashInput, task: TaskContext): Promise<string> {
  const call = (hash ??= prepare())
  try {
    return (await call([input], task, undefined)) as string
  } catch (error) {
    // A pool that has given up stays that way, and nobody else could replace this one.
    if (error instanceof WorkerCrashedError && hash === call) hash = undefined
    throw error
  }
}

function prepare(): PreparedCall {
  const maxWorkers = Math.min(MAX_THREADS, availableParallelism())
  const threads = new WorkerPool(() => startThreadHost(), { maxWorkers, idleTimeout: IDLE_TIMEOUT })
  return new PoolEngine(threads, { cleanupTimeout: 0 }).prepare(sha256)
}
