import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createPostgresBackend, Queue, QueueEvents } from 'bullmq'
import { task } from './taskscope.ts'

const script = fileURLToPath(new URL('./queue-worker.ts', import.meta.url))

/** How long ended jobs are kept, the same on both sides: seconds, and how many. On PostgreSQL all are. */
const retention = (url: string) =>
  isPostgres(url) ? {} : { removeOnComplete: { age: 60, count: 10_000 }, removeOnFail: { age: 60, count: 10_000 } }

/** Milliseconds until a peer asks again what became of a job: it can miss events in PostgreSQL. */
const patience = 1_000

/** A queue of one of the libraries whose jobs run in another process; all have the same call. */
export interface CallQueue {
  readonly name: string
  call(value: number): PromiseLike<unknown>
  /** Waits for calls that do not wait themselves. */
  settled?(): Promise<void>
  /** Leaves nothing behind on the server. */
  stop(): Promise<void>
}

export type MakeQueue = (url: string, queue: string) => Promise<CallQueue>

export const taskscope: MakeQueue = async (url, queue) => {
  const stopWorker = await startWorker('taskscope', url, queue)
  const echo = task((value: number) => value, { mode: 'distributed', connection: url, queue, name: 'echo' })
  return {
    name: 'taskscope',
    call: value => echo(value),
    async stop() {
      await echo.stop()
      await stopWorker()
      await wipe(url, queue, `${queue}.control`)
    },
  }
}

/** As its guide has it: add a job and wait until the events of the queue say that it has finished. */
export const bullmq: MakeQueue = async (url, queue) => {
  const stopWorker = await startWorker('bullmq', url, queue)
  const jobs = openQueue(url, queue)
  const events = new QueueEvents(queue, { connection: connectionOf(url) }, backendOf(url))
  // Every call that waits listens for the end of the queue.
  jobs.setMaxListeners(0)
  await Promise.all([jobs.waitUntilReady(), events.waitUntilReady()])
  return {
    name: 'BullMQ, add and waitUntilFinished',
    async call(value) {
      const job = await jobs.add('echo', value, retention(url))
      for (;;) {
        try {
          return await job.waitUntilFinished(events, patience)
        } catch (error) {
          if (!String(error).includes('timed out')) throw error
        }
      }
    },
    async stop() {
      await events.close()
      await jobs.close()
      await stopWorker()
      await wipe(url, queue)
    },
  }
}

/**
 * Without the results, for which PostgreSQL has no way that can be compared: the engine never sees some of the events, and
 * a caller that waits for those waits for ever. Adds the jobs, and counts those that have ended.
 */
export const countingBullmq: MakeQueue = async (url, queue) => {
  const stopWorker = await startWorker('bullmq', url, queue)
  const jobs = openQueue(url, queue)
  await jobs.waitUntilReady()
  let added = 0
  return {
    name: 'BullMQ, add and count, without results',
    async call(value) {
      added += 1
      await jobs.add('echo', value, retention(url))
    },
    async settled() {
      while ((await jobs.getCompletedCount()) < added) await sleep(5)
    },
    async stop() {
      await jobs.close()
      await stopWorker()
      await wipe(url, queue)
    },
  }
}

async function startWorker(library: string, url: string, queue: string): Promise<() => Promise<void>> {
  const worker = fork(script, [library, url, queue])
  const ended = once(worker, 'exit')
  await Promise.race([
    once(worker, 'message'),
    ended.then(([code, signal]) => Promise.reject(new Error(`the worker of ${library} ended with ${signal ?? code}`))),
  ])
  return async () => {
    worker.disconnect()
    await ended
  }
}

async function wipe(url: string, ...queues: readonly string[]): Promise<void> {
  for (const name of queues) {
    const queue = openQueue(url, name)
    await queue.obliterate({ force: true })
    await queue.close()
  }
}

function openQueue(url: string, name: string): Queue {
  return new Queue(name, { connection: connectionOf(url) }, backendOf(url))
}

/** What the classes of BullMQ take as `connection`. */
export function connectionOf(url: string): never {
  return (isPostgres(url) ? url : { url, maxRetriesPerRequest: null }) as never
}

/** What the classes of BullMQ take as their last argument. */
export function backendOf(url: string): never {
  return (isPostgres(url) ? createPostgresBackend : undefined) as never
}

function isPostgres(url: string): boolean {
  return /^postgres(ql)?:/.test(url)
}
