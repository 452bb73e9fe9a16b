/**
 * Where the house does not keep its own rules yet. The lists only ever get shorter: the test of the architecture fails for
 * what is not in them, and for what need not be in them any more.
 */

/** Imports from a floor above. */
export const UPWARDS: readonly string[] = [
  'worker/current-task.ts -> worker/functions/shared-state.ts',
  'distributed/call/distributed-engine.ts -> worker/types.ts',
  'worker/engine/engine.ts -> worker/types.ts',
  'worker/functions/refer-to.ts -> worker/messages/host.ts',
  'worker/functions/resolve-function.ts -> worker/messages/host.ts',
]

/** Files that import one another in a circle, if only types. */
export const CIRCLES: readonly (readonly string[])[] = [
  ['limits/members.ts', 'limits/permit.ts'],
  ['limits/rate.ts', 'limits/single-limit.ts'],
  ['distributed/limits/server-limit.ts', 'distributed/limits/shared.ts'],
  [
    'worker/functions/function-from-module.ts',
    'worker/functions/function-from-source.ts',
    'worker/functions/resolve-function.ts',
  ],
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
  'manager/task-manager.ts': 360,
  'runner/task-runner.ts': 320,
  'scheduler/scheduler.ts': 410,
  'task/task.ts': 420,
}

/** How many files a folder may have that has too many. */
export const FOLDERS: Readonly<Record<string, number>> = {
  base: 16,
  connection: 17,
  limits: 20,
  runner: 23,
  'worker/functions': 24,
}
