/**
 * The house from the ground up: each floor has a name and its rooms, folders or single files of `src`. A file may import
 * from its own floor and from those before it. What is nearest counts: `task` is a room, and so is a file of it that is named
 * on a floor of its own; `.` is whatever lies in no folder.
 */
export const FLOORS: readonly (readonly [name: string, ...rooms: string[]])[] = [
  ['base', '.'],
  ['collections', 'queue'],
  ['serialise', 'serialise'],
  ['admission', 'admission'],
  ['limits', 'limits', 'semaphore.ts'],
  ['task', 'task'],
  ['progress', 'progress'],
  ['manager', 'manager'],
  ['combinators', 'handles', 'zip.ts'],
  ['store', 'store'],
  ['runner', 'runner'],
  ['testing', 'testing'],
  ['what a worker has of Node', 'worker/node.ts', 'worker/current-task.ts'],
  ['functions', 'worker/functions'],
  ['hosts', 'worker/host'],
  ['pool', 'worker/pool'],
  ['engines', 'worker/engine.ts', 'worker/limit-desk.ts', 'worker/loop-engine.ts', 'worker/pool-engine.ts'],
  ['distributed, the side of the caller', 'worker/distributed'],
  ['worker', 'worker'],
  ['built-in tasks', 'tasks'],
  ['distributed, limits', 'bullmq/limits'],
  ['distributed, the side of the worker', 'bullmq'],
  ['command line', 'bullmq/command', 'bullmq/cli.ts'],
  ['entries', 'index.ts', 'sqlite.ts', 'testing/index.ts', 'worker/index.ts', 'bullmq/index.ts'],
]

/** What package.json exports: nothing but re-exports. */
export const ENTRIES: readonly string[] = FLOORS.at(-1)?.slice(1) ?? []

export const MOST_FILES = 15
export const MOST_LINES = 300

/** Who may import what is no file of ours: folders or files of `src`. Everything else imports nothing from outside. */
export const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  'node:': [
    // The core has one door to Node, so that a build for another runtime replaces one file.
    'platform.ts',
    // Types of what Node hands to a method that only Node calls.
    'inspect.ts',
    // Loaded by the first run that is shown.
    'progress',
    'store/sqlite-',
    // Types alone.
    'tasks/hash-thread.ts',
    'testing',
    'worker/functions',
    'worker/host',
    'worker/pool',
    'worker/distributed',
    'bullmq',
  ],
  effection: [
    'kept-error.ts',
    'operation.ts',
    'until-settled.ts',
    'yielded.ts',
    'admission',
    'task',
    'manager',
    'runner/base-task.ts',
    'worker/host/remote-',
  ],
  'cli-progress': ['progress'],
  bullmq: ['worker/distributed', 'bullmq'],
  ioredis: ['worker/distributed', 'bullmq/limits'],
  pg: ['worker/distributed', 'bullmq/limits'],
  'rate-limiter-flexible': ['bullmq/limits'],
  '@sinonjs/fake-timers': ['testing'],
}
