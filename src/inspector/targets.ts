import { show } from '../base/options.ts'
import type { Service } from '../distributed/serve/service.ts'
import { Semaphore } from '../limits/semaphore.ts'
import type { LimitsStats } from '../limits/types.ts'
import { TaskManager } from '../manager/task-manager.ts'
import { TaskRunner } from '../runner/task-runner.ts'
import { PARTS, type WorkerParts } from '../worker/engine/engine.ts'
import { workerOf } from '../worker/task.ts'
import { TaskWorker } from '../worker/task-worker.ts'
import type { TaskFunction } from '../worker/types.ts'
import { Watched } from './watched.ts'

/** A limit, a set or a pool of them, or a semaphore. */
export type InspectedLimit = { readonly stats: () => LimitsStats } | Semaphore

/** What can be looked at. A service is what `serve` of `taskscope/bullmq` starts. */
export type InspectorTarget = TaskManager | TaskRunner | Service | InspectedWorker | InspectedLimit

/** A worker, or a function that `task` made. */
// biome-ignore lint/suspicious/noExplicitAny: whatever the arguments of a function are
export type InspectedWorker = TaskWorker<any, any> | TaskFunction<any, any>

/** One of them, several, or several by the names that they are to have on the page. */
export type InspectorTargets = InspectorTarget | readonly InspectorTarget[] | Readonly<Record<string, InspectorTarget>>

/** @internal What the page shows, each by its name. */
export interface Targets {
  readonly watched: ReadonlyMap<string, Watched>
  readonly limits: ReadonlyMap<string, InspectedLimit>
}

/** @internal Throws `TypeError` for what can't be looked at, and then watches nothing. */
export function openTargets(given: InspectorTargets): Targets {
  const watched = new Map<string, Watched>()
  const limits = new Map<string, InspectedLimit>()
  const taken = new Set<string>()
  const named = entriesOf(given).map(([name, target]) => [name, checked(target)] as const)
  for (const [name, target] of named) {
    const free = unused(name ?? target.name, taken)
    if (target.kind === 'limit') limits.set(free, target.limit)
    else watched.set(free, new Watched(target))
  }
  return { watched, limits }
}

function entriesOf(given: InspectorTargets): [name: string | undefined, target: unknown][] {
  if (Array.isArray(given)) return given.map(target => [undefined, target])
  return isPlain(given) ? Object.entries(given as object) : [[undefined, given]]
}

function isPlain(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function unused(wanted: string, taken: Set<string>): string {
  let name = wanted
  for (let number = 2; taken.has(name); number++) name = `${wanted} ${number}`
  taken.add(name)
  return name
}

type Checked =
  | { readonly kind: 'limit'; readonly name: string; readonly limit: InspectedLimit }
  | (ConstructorParameters<typeof Watched>[0] & { readonly name: string })

function checked(target: unknown): Checked {
  if (target instanceof TaskRunner)
    return { kind: 'runner', name: target.name, manager: target.manager, runner: target }
  if (target instanceof TaskManager) return { kind: 'manager', name: target.name, manager: target }
  const parts = partsOf(target)
  if (parts !== undefined) return { kind: 'worker', ...parts, name: parts.name ?? 'worker' }
  if (target instanceof Semaphore) return { kind: 'limit', name: 'semaphore', limit: target }
  const { acquire, stats, key } = Object(target) as Record<string, unknown>
  if (typeof acquire === 'function' && typeof stats === 'function' && !isPlain(target)) {
    return { kind: 'limit', name: typeof key === 'string' ? key : 'limits', limit: target as InspectedLimit }
  }
  throw new TypeError(
    `a target must be a manager, a runner, a worker, a task function, a service, a limit that counts in this process or a semaphore, got ${show(target)}`,
  )
}

function partsOf(target: unknown): WorkerParts | undefined {
  const worker = target instanceof TaskWorker ? target : workerOf(target)
  if (worker !== undefined) return TaskWorker.partsOf(worker)
  const isService = target !== null && typeof target === 'object' && PARTS in target
  return isService ? (target as Service)[PARTS]() : undefined
}
