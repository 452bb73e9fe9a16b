/**
 * Where the house does not keep its own rules yet. The lists only ever get shorter: the test of the architecture fails for
 * what is not in them, and for what need not be in them any more.
 */

/** Imports from a floor above. */
export const UPWARDS: readonly string[] = [
  'guarded-call.ts -> task/handle.ts',
  'wait-limit.ts -> task/types.ts',
  'admission/acquisition.ts -> semaphore.ts',
  'admission/acquisition.ts -> task/limit-deadlock.ts',
  'admission/when-available.ts -> task/limit-deadlock.ts',
  'admission/when-available.ts -> task/types.ts',
  'semaphore.ts -> task/types.ts',
  'limits/types.ts -> task/types.ts',
  'limits/pool.ts -> task/limit-deadlock.ts',
  'progress/reported-results.ts -> manager/types.ts',
  'task/spawn-settings.ts -> manager/types.ts',
  'worker/current-task.ts -> worker/functions/shared-state.ts',
  'worker/engine.ts -> worker/types.ts',
  'worker/distributed/distributed-engine.ts -> worker/types.ts',
  'worker/functions/refer-to.ts -> worker/host/host.ts',
  'worker/functions/resolve-function.ts -> worker/host/host.ts',
]

/** Files that import one another in a circle, if only types. */
export const CIRCLES: readonly (readonly string[])[] = [
  // A task, and everything that names it or that its options name.
  [
    'admission/acquisition.ts',
    'admission/permitted-work.ts',
    'admission/when-available.ts',
    'limits/acquire-options.ts',
    'limits/demand-of.ts',
    'limits/foreign.ts',
    'limits/free.ts',
    'limits/types.ts',
    'limits/unknown-key.ts',
    'manager/types.ts',
    'progress/types.ts',
    'semaphore.ts',
    'task/body-limits.ts',
    'task/cancel.ts',
    'task/context.ts',
    'task/current.ts',
    'task/deadlock-watch.ts',
    'task/entry.ts',
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
    'wait-limit.ts',
  ],
  ['task/retry.ts', 'task/stop.ts'],
  ['admission/dispatch.ts', 'admission/line.ts', 'admission/room-watch.ts', 'admission/supply.ts'],
  ['limits/members.ts', 'limits/permit.ts'],
  ['limits/rate.ts', 'limits/single-limit.ts'],
  ['manager/scheduler.ts', 'manager/waiters.ts'],
  [
    'worker/functions/function-from-module.ts',
    'worker/functions/function-from-source.ts',
    'worker/functions/resolve-function.ts',
  ],
  [
    'worker/host/announce-crash.ts',
    'worker/host/output.ts',
    'worker/host/remote-call.ts',
    'worker/host/requests.ts',
    'worker/host/serve-calls.ts',
  ],
  ['bullmq/limits/server-limit.ts', 'bullmq/limits/shared.ts'],
]

/** How many lines a file may have that has too many. */
export const LINES: Readonly<Record<string, number>> = {
  'manager/scheduler.ts': 420,
  'manager/task-manager.ts': 320,
  'runner/task-runner.ts': 310,
  'task/task.ts': 420,
}

/** How many files a folder may have that has too many; `.` is that of the entries and what lies beside them. */
export const FOLDERS: Readonly<Record<string, number>> = {
  '.': 26,
  bullmq: 18,
  limits: 23,
  manager: 24,
  runner: 25,
  store: 20,
  task: 33,
  worker: 19,
  'worker/distributed': 43,
  'worker/functions': 25,
  'worker/host': 40,
}
