import { AsyncLocalStorage } from '../../base/platform.ts'
import { process } from '../node.ts'
import { sharedState } from '../shared-state.ts'

/** Threads and processes both inherit their starter's environment, whichever of them starts which. */
const DEPTH = 'TASKSCOPE_WORKER_DEPTH'
const MAX_DEPTH = 3

interface Importing {
  readonly url: string
  ended: boolean
}

interface Nesting {
  inside: boolean
  /** The import of a worker in whose top level the code of this async context runs. */
  readonly importing: AsyncLocalStorage<Importing>
}

const nesting = sharedState<Nesting>('nesting', () => ({ inside: false, importing: new AsyncLocalStorage() }))

/** Says that this thread or process is a worker: called by its entry, before anything else. */
export function enterWorker(): void {
  nesting.inside = true
}

/** Whether this code runs in a worker of this library, thread or process: code that should not can ask at the top level. */
export function insideWorker(): boolean {
  return nesting.inside
}

/** What a host adds to the environment of every worker it starts, so that {@link assertMayStartWorker} can count there. */
export function workerEnvironment(): Record<string, string> {
  return { [DEPTH]: String(depth() + 1) }
}

/**
 * Throws a `TypeError` where starting a worker would never come to an end: at the top level of a module that is being
 * imported inside a worker, since that worker would import it too; and more than `maxDepth` workers inside workers.
 */
export function assertMayStartWorker(maxDepth = MAX_DEPTH): void {
  const importing = importedNow()
  if (importing !== undefined) {
    throw new TypeError(
      `the top level of ${importing} starts a worker, and it runs again in every worker that imports it, which would never ` +
        'end: move that code into a function, guard it with `if (!insideWorker())`, or keep the functions for workers in ' +
        'a module of their own',
    )
  }
  if (depth() < maxDepth) return
  throw new TypeError(
    `this worker is ${depth()} workers deep, and ${maxDepth} is the most: does a function that runs in a worker start ` +
      'workers for itself? Run the innermost calls in the mode async or sync',
  )
}

/** Runs the import of a module inside a worker; what its top level starts, it starts in vain. */
export async function importGuarded<T>(url: string, load: () => Promise<T>): Promise<T> {
  const importing = { url, ended: false }
  try {
    return await nesting.importing.run(importing, load)
  } finally {
    importing.ended = true
  }
}

/** The module whose top level this is, while a worker imports it; what it left running afterwards is no top level. */
export function importedNow(): string | undefined {
  const importing = nesting.importing.getStore()
  return importing === undefined || importing.ended ? undefined : importing.url
}

function depth(): number {
  return Number(Object.hasOwn(process.env, DEPTH) && process.env[DEPTH]) || 0
}
