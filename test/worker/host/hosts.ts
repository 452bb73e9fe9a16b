import { afterAll, onTestFinished } from 'vitest'
import type { TaskProgress } from '../../../src/task/types.ts'
import type { FunctionReference } from '../../../src/worker/functions/refer-to.ts'
import type { Host, StartOptions } from '../../../src/worker/messages/host.ts'
import { startProcessHost } from '../../../src/worker/parent/process-host.ts'
import { startThreadHost } from '../../../src/worker/parent/thread-host.ts'

const FUNCTIONS = new URL('../../fixtures/worker-functions.ts', import.meta.url).href

/** Both kinds of hosts, for `describe.each`: how to start one, and how to have one that tests share. */
export const KINDS = [
  ['thread', watched(startThreadHost), () => shared(startThreadHost)],
  ['process', watched(startProcessHost), () => shared(startProcessHost)],
] as const

/** Such a host ends with the test that started it. */
function watched(start: (options?: StartOptions) => Host): (options?: StartOptions) => Host {
  return options => {
    const host = start(options)
    onTestFinished(() => host.stop())
    return host
  }
}

/** Gives the host that all tests of a `describe` share which need none of their own: most take less time than its start. */
function shared(start: () => Host): () => Host {
  let host: Host | undefined
  afterAll(() => host?.stop())
  return () => {
    host ??= start()
    return host
  }
}

export interface RunOptions {
  readonly signal?: AbortSignal
  readonly cleanupTimeout?: number
  readonly onProgress?: (progress: TaskProgress) => void
  readonly onRequest?: (request: unknown) => Promise<unknown>
}

/** Calls a function of the fixture. */
export function run(host: Pick<Host, 'call'>, name: string, args: readonly unknown[] = [], options: RunOptions = {}) {
  return runReference(host, { kind: 'module', url: FUNCTIONS, name }, args, options)
}

export function runReference(
  host: Pick<Host, 'call'>,
  reference: FunctionReference,
  args: readonly unknown[] = [],
  options: RunOptions = {},
): Promise<unknown> {
  const { name } = reference
  return host.call(
    { function: reference, args, task: { id: 1, name, attempt: 1 } },
    {
      signal: new AbortController().signal,
      cleanupTimeout: 10_000,
      onProgress: () => {},
      onRequest: async () => undefined,
      ...options,
    },
  )
}

/** Runs a function that is written here and works there. */
export function runSource(host: Host, source: string, ...args: unknown[]): Promise<unknown> {
  return runReference(host, { kind: 'source', source, name: 'written' }, args)
}

/** Calls a function and tells when its first progress arrived: from then on it surely runs. */
export function runUntilProgress(
  host: Pick<Host, 'call'>,
  name: string,
  args: readonly unknown[] = [],
  options: RunOptions = {},
) {
  const running = Promise.withResolvers<TaskProgress>()
  const outcome = run(host, name, args, { ...options, onProgress: running.resolve })
  outcome.catch(() => {})
  return { outcome, running: running.promise }
}

/** What a promise rejected with; fails when it did not. */
export async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const outcome = await promise.then(
    value => ({ value }),
    error => ({ error }),
  )
  if ('error' in outcome) return outcome.error
  throw new Error(`it did not fail: ${JSON.stringify(outcome.value)}`)
}
