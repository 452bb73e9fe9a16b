import { sharedState } from './shared-state.ts'

const DEPTH = 'TASKSCOPE_WORKER_DEPTH'

interface Nesting {
  inside: boolean
  importing: string | undefined
}

const nesting = sharedState<Nesting>('nesting', () => ({ inside: false, importing: undefined }))

/** Called once by the entry of a worker, before anything else. */
export function enterWorker(): void {
  nesting.inside = true
}

/** Whether this thread or process is a worker of this library. */
export function insideWorker(): boolean {
  return nesting.inside
}

/** What a host adds to the environment of the worker it starts, thread or process. */
export function workerEnvironment(): Record<string, string> {
  return { [DEPTH]: String(depth() + 1) }
}

function depth(): number {
  return Number(process.env[DEPTH] ?? 0) || 0
}

/** Throws where starting a worker would never end. */
export function assertMayStartWorker(maxDepth = 3): void {
  if (depth() >= maxDepth) throw new Error(`workers are nested ${depth()} deep already`)
}
