/**
 * Where the house does not keep its own rules yet. The lists only ever get shorter: the test of the architecture fails for
 * what is not in them, and for what need not be in them any more.
 */

/** Imports from a floor above. */
export const UPWARDS: readonly string[] = [
  'base/guarded-call.ts -> task/handle.ts',
  'base/wait-timeout.ts -> task/types.ts',
  'limits/pool.ts -> task/limit-deadlock.ts',
  'limits/semaphore.ts -> task/types.ts',
  'limits/types.ts -> task/types.ts',
  'progress/reported-results.ts -> scheduler/types.ts',
  'task/spawn-settings.ts -> scheduler/types.ts',
  'worker/current-task.ts -> worker/functions/shared-state.ts',
  'distributed/call/distributed-engine.ts -> worker/types.ts',
  'limits/acquire/acquisition.ts -> task/limit-deadlock.ts',
  'limits/acquire/acquisition.ts -> limits/semaphore.ts',
  'limits/acquire/when-available.ts -> task/limit-deadlock.ts',
  'limits/acquire/when-available.ts -> task/types.ts',
  'worker/engine/engine.ts -> worker/types.ts',
  'worker/functions/refer-to.ts -> worker/messages/host.ts',
  'worker/functions/resolve-function.ts -> worker/messages/host.ts',
]

/** Files that import one another in a circle, if only types. */
export const CIRCLES: readonly (readonly string[])[] = [
  ['limits/acquire/dispatch.ts', 'limits/acquire/line.ts', 'limits/acquire/room-watch.ts', 'limits/acquire/supply.ts'],
  ['task/retry.ts', 'task/stop.ts'],
  [
    'base/wait-timeout.ts',
    'limits/acquire-options.ts',
    'limits/acquire/acquisition.ts',
    'limits/acquire/permitted-work.ts',
    'limits/acquire/when-available.ts',
    'limits/external.ts',
    'limits/free-source.ts',
    'limits/permit-source-of.ts',
    'limits/semaphore.ts',
    'limits/types.ts',
    'limits/unknown-key.ts',
    'progress/types.ts',
    'scheduler/types.ts',
    'task/acceptance.ts',
    'task/body-limits.ts',
    'task/cancel.ts',
    'task/context.ts',
    'task/current.ts',
    'task/deadlock-watch.ts',
    'task/execution.ts',
    'task/extras.ts',
    'task/handle.ts',
    'task/limit-deadlock.ts',
    'task/owner.ts',
    'task/progress.ts',
    'task/record-json.ts',
    'task/record.ts',
    'task/retrying.ts',
    'task/run-trace.ts',
    'task/spawn-settings.ts',
    'task/stop-error.ts',
    'task/task.ts',
    'task/types.ts',
    'task/wait-graph.ts',
    'task/wait.ts',
    'task/watch.ts',
  ],
  ['limits/members.ts', 'limits/permit.ts'],
  ['limits/rate.ts', 'limits/single-limit.ts'],
  ['distributed/limits/server-limit.ts', 'distributed/limits/shared.ts'],
  [
    'worker/functions/function-from-module.ts',
    'worker/functions/function-from-source.ts',
    'worker/functions/resolve-function.ts',
  ],
  ['scheduler/scheduler.ts', 'scheduler/waiters.ts'],
  [
    'worker/child/announce-crash.ts',
    'worker/child/output.ts',
    'worker/child/remote-call.ts',
    'worker/child/requests.ts',
    'worker/child/serve-calls.ts',
  ],
]

/** How many lines a file may have that has too many. */
export const LINES: Readonly<Record<string, number>> = {
  'manager/task-manager.ts': 350,
  'runner/task-runner.ts': 320,
  'scheduler/scheduler.ts': 420,
  'task/task.ts': 410,
}

/** How many files a folder may have that has too many. */
export const FOLDERS: Readonly<Record<string, number>> = {
  base: 20,
  connection: 17,
  limits: 20,
  runner: 23,
  scheduler: 16,
  task: 32,
  'worker/functions': 24,
}
