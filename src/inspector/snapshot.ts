import { attempt } from '../base/attempt.ts'
import { now } from '../base/clock.ts'
import { Semaphore } from '../limits/semaphore.ts'
import type { LimitStats, LimitsStats } from '../limits/types.ts'
import { StuckWatch } from '../scheduler/stuck/stuck-watch.ts'
import { waitsFor } from '../scheduler/stuck/waits-for.ts'
import { recordOf } from '../task/record.ts'
import type { Task } from '../task/task.ts'
import type { Asked } from './asked.ts'
import { plainProgress, plainTags, short } from './plain.ts'
import type { InspectedLimit, Targets } from './targets.ts'
import type { Watched } from './watched.ts'

/** What is shown at once of the tasks that run, and of those that wait. */
const MOST_RUNNING = 200
const MOST_PENDING = 50
/** How many tasks are looked at for those: where very many wait, the page shows whom it finds in time. */
const MOST_LOOKED_AT = 20_000
const MOST_LIMITS = 50

/** Everything that the page shows as it is now. Bounded, however much there is. */
export function snapshot({ watched, limits }: Targets, asked: Asked): object {
  return {
    at: Date.now(),
    targets: [...watched].map(([name, one]) => targetView(name, one, asked)),
    limits: [...limits].flatMap(([name, limit]) => limitViews(name, limit)),
  }
}

function targetView(name: string, watched: Watched, asked: Asked): object {
  const { running, pending } = liveTasks(watched)
  const used = limitsOf([...running, ...pending], watched)
  const view = (task: Task) => liveView(task, watched)
  return {
    name: short(name),
    kind: watched.kind,
    ...(watched.mode !== undefined && { mode: watched.mode }),
    stats: finite(watched.stats()),
    slotsTaken: watched.scheduler.slotsTaken,
    stuck: StuckWatch.count(watched.scheduler),
    running: running.map(view),
    pending: pending.map(view),
    abandoned: [...watched.scheduler.abandoned.values()]
      .slice(0, MOST_PENDING)
      .map(({ id, name }) => ({ id, name: short(name) })),
    limits: used.flatMap(limit => limitViews(undefined, limit)).slice(0, MOST_LIMITS),
    workers: asked.workersOf(watched),
    ...(watched.queue !== undefined && { queue: asked.queueOf(watched) }),
  }
}

/** JSON knows no `Infinity`. */
function finite(stats: object): object {
  return Object.fromEntries(
    Object.entries(stats).map(([key, value]) => [key, value === Number.POSITIVE_INFINITY ? 'Infinity' : value]),
  )
}

/** Those that have waited or run the longest, in the order in which they were spawned. */
function liveTasks({ scheduler }: Watched): { running: Task[]; pending: Task[] } {
  const { counts } = scheduler
  const wanted = Math.min(MOST_RUNNING, counts.running + counts.stopping)
  const running: Task[] = []
  const pending: Task[] = []
  let looked = 0
  for (const task of scheduler.live) {
    if ((looked += 1) > MOST_LOOKED_AT) break
    if (task.status === 'pending') {
      if (pending.length < MOST_PENDING) pending.push(task)
    } else if (running.length < wanted) running.push(task)
    if (running.length === wanted && pending.length === Math.min(MOST_PENDING, counts.pending)) break
  }
  return { running, pending }
}

function liveView(task: Task, { scheduler }: Watched): object {
  const { id, name, settings, status, attempt: attempts, extras } = task
  const epoch = scheduler.wallClock.offset
  const waits = waitsFor(task, scheduler)
  const stuckSince = StuckWatch.since(task, scheduler)
  return {
    id,
    name: short(name),
    ...(settings.type !== undefined && { type: short(settings.type) }),
    ...(settings.tags !== undefined && { tags: plainTags(settings.tags) }),
    status,
    attempt: attempts,
    since: (status === 'pending' ? task.createdAt : task.attemptStartedAt) + epoch,
    for: now() - (status === 'pending' ? task.createdAt : task.attemptStartedAt),
    ...(extras?.progress !== undefined && { progress: plainProgress(extras.progress) }),
    ...(waits.kind !== 'work' && { waits }),
    ...(stuckSince !== undefined && { stuckSince: stuckSince + epoch }),
    ...(extras?.attempts.length && { lastError: lastError(task) }),
  }
}

function lastError(task: Task): string | undefined {
  const error = recordOf(task).attempts.findLast(each => each.error !== undefined)?.error
  return error instanceof Error ? short(attempt(() => `${error.name}: ${error.message}`) ?? 'an error') : undefined
}

/** The limits of the tasks that are shown, and those that every task of the target has. */
function limitsOf(tasks: readonly Task[], { scheduler }: Watched): InspectedLimit[] {
  const all = [scheduler.settings.defaults, ...tasks.map(({ settings }) => settings)].map(({ limits }) => limits)
  const known = all.filter(limit => limit !== undefined && (limit instanceof Semaphore || 'stats' in limit))
  return [...new Set(known)] as InspectedLimit[]
}

interface LimitView extends LimitStats {
  readonly name: string
}

/** Of one limit, of those of a set by key and of those of a pool by place; of one that can't be read none. */
function limitViews(name: string | undefined, limit: InspectedLimit): readonly LimitView[] {
  if (limit instanceof Semaphore) {
    const { permits, available, waiting } = limit
    const used = permits - available
    return [{ name: short(name ?? 'semaphore'), used, available, waiting, utilisation: used / permits }]
  }
  const key = attempt(() => (limit as { readonly key?: unknown }).key)
  return attempt(() => statsViews(name ?? (typeof key === 'string' ? key : undefined), limit.stats())) ?? []
}

function statsViews(name: string | undefined, stats: LimitsStats | undefined): readonly LimitView[] {
  if (stats === undefined || stats === null || typeof stats !== 'object') return []
  if (isOne(stats)) {
    const { used, available, waiting, utilisation } = stats
    return [{ name: short(name ?? 'limit'), used, available, waiting, utilisation }]
  }
  const within = Array.isArray(stats) ? (name ?? 'pool') : name
  return Object.entries(stats as Readonly<Record<string, LimitsStats | undefined>>).flatMap(([key, each]) =>
    statsViews(within === undefined ? key : `${within} ${key}`, each),
  )
}

function isOne(stats: LimitsStats): stats is LimitStats {
  return ['used', 'available', 'waiting'].every(key => typeof (stats as Record<string, unknown>)[key] === 'number')
}
