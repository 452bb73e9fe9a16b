import { DistributedEngine } from '../distributed/call/distributed-engine.ts'
import { distributedSettings } from '../distributed/options.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import type { Engine } from './engine/engine.ts'
import { LoopEngine } from './engine/loop-engine.ts'
import { PoolEngine } from './engine/pool-engine.ts'
import { moduleUrl } from './functions/registry.ts'
import type { Host, HostOptions, StartOptions } from './messages/host.ts'
import { refuseUncarriable } from './messages/protocol.ts'
import { startProcessHost } from './parent/process-host.ts'
import { startThreadHost } from './parent/thread-host.ts'
import { WorkerPool } from './pool/worker-pool.ts'
import type { WorkerSettings } from './worker-settings.ts'

/** The engine of a mode. Threads and processes are started by the first calls, or now for `minWorkers`. */
export function makeEngine(settings: WorkerSettings, scheduler: Scheduler): Engine {
  const { mode, pool, module, cleanupTimeout } = settings
  const where = module !== undefined && { module: moduleUrl(module) }
  const host: StartOptions = { ...reportingHost(settings.host, scheduler), ...where, stopTimeout: cleanupTimeout }
  const calls = { ...(module !== undefined && { module }), cleanupTimeout }
  const startPool = (kind: 'thread' | 'process', start: (options: StartOptions) => Host) => {
    // What can't be carried is refused now, and not in each worker.
    refuseUncarriable(host, kind)
    return new WorkerPool(({ number }) => start({ ...host, number }), pool)
  }
  switch (mode) {
    case 'sync':
    case 'async':
      return new LoopEngine(mode === 'sync', () => scheduler.counts.running)
    case 'thread':
      return new PoolEngine('thread', startPool('thread', startThreadHost), calls)
    case 'process':
      return new PoolEngine('process', startPool('process', startProcessHost), calls)
    case 'distributed': {
      const { report } = scheduler
      return new DistributedEngine(distributedSettings(settings.distributed), module, (error, message) =>
        report.log(error, message),
      )
    }
  }
}

/** An `onMessage` that throws or rejects changes nothing for the worker whose message it was. */
function reportingHost(options: HostOptions, scheduler: Scheduler): StartOptions {
  const { onMessage } = options
  const { report } = scheduler
  const onLateError: StartOptions['onLateError'] = (error, { kind, id }) =>
    report.log(error, `no call could hear of an error in the ${kind} ${id}`)
  const host = { ...options, onLateError }
  if (onMessage === undefined) return host
  const told: typeof onMessage = async (message, worker) => onMessage(message, worker)
  const failed = (error: unknown) => report.log(error, 'onMessage threw')
  return { ...host, onMessage: (message, worker) => void Promise.resolve(told(message, worker)).catch(failed) }
}
