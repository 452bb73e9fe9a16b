import { startBackgroundTimer, type Timer } from '../base/clock.ts'
import { availableParallelism } from '../base/platform.ts'
import { Semaphore } from '../limits/semaphore.ts'
import { AttemptContext } from '../task/context/context.ts'
import type { TaskContext } from '../task/types.ts'
import { HashThread } from './hash-thread.ts'
import type { HashInput } from './sha256.ts'

const MAX_THREADS = 4
/** Milliseconds: far longer than a thread takes to start again. */
const IDLE_TIMEOUT = 10_000

/** Those that have nothing to do, and the timers that end them. */
const idle = new Map<HashThread, Timer>()
let places: Semaphore | undefined

/**
 * Runs `sha256` in one of a few threads that all callers in the process share. Told to stop, the call is ended with its
 * thread at once: it hears nothing while it works, and has nothing to clean up.
 *
 * Not in a pool of `taskscope/worker`, which would bring a good part of the library into every bundle of the core.
 */
export async function hashInThread(input: HashInput, task: TaskContext): Promise<string> {
  const { signal } = task
  // The wait for a thread is not this task's time.
  const begin = AttemptContext.postpone(task)
  places ??= new Semaphore(Math.min(MAX_THREADS, availableParallelism()))
  const place = await places.acquire(1, { signal })
  try {
    // It may have come between the grant and this step.
    signal.throwIfAborted()
    begin()
    const thread = takeIdle() ?? new HashThread(() => leave(thread))
    try {
      return await thread.hash(input, signal)
    } finally {
      if (!thread.ended) keep(thread)
    }
  } finally {
    place.release()
  }
}

function keep(thread: HashThread): void {
  const timer = startBackgroundTimer(IDLE_TIMEOUT, () => thread.end())
  idle.set(thread, timer)
}

function takeIdle(): HashThread | undefined {
  for (const thread of idle.keys()) {
    leave(thread)
    if (!thread.ended) return thread
  }
  return undefined
}

function leave(thread: HashThread): void {
  idle.get(thread)?.cancel()
  idle.delete(thread)
}
