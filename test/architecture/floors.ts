/**
 * The house from the ground up: each floor has a name and its rooms, folders or single files of `src`. A file may import
 * from its own floor and from those before it. What is nearest counts: `task` is a room, and so is a file of it that is named
 * on a floor of its own; `.` is whatever lies in no folder.
 */
export const FLOORS: readonly (readonly [name: string, ...rooms: string[]])[] = [
  // Both copies of the library that a worker may have see what is kept there.
  ['base', 'base', 'worker/shared-state.ts'],
  ['collections', 'collections'],
  ['serialize', 'serialize'],
  ['limits, algorithms', 'limits/algorithms'],
  ['limits, acquire', 'limits/acquire'],
  ['limits', 'limits'],
  ['limits, one per key', 'limits/per-key'],
  ['task', 'task'],
  ['progress', 'progress'],
  ['scheduler', 'scheduler'],
  ['streams', 'streams'],
  ['manager', 'manager'],
  ['combinators', 'combinators'],
  ['store', 'store'],
  ['runner', 'runner', 'runner/durable'],
  ['metrics', 'metrics'],
  ['testing', 'testing'],
  ['what a worker has of Node', 'worker/node.ts'],
  ['functions', 'worker/functions'],
  ['messages', 'worker/messages'],
  ['inside a worker', 'worker/child'],
  ['around a worker', 'worker/parent'],
  ['pool', 'worker/pool'],
  ['connection', 'connection'],
  ['distributed, what both sides say', 'distributed/protocol', 'distributed/options.ts'],
  ['engines', 'worker/engine'],
  ['distributed, the broker', 'distributed/bullmq'],
  ['distributed, the side of the caller', 'distributed/call'],
  ['worker', 'worker'],
  ['built-in tasks', 'builtin-tasks'],
  ['in place of others, for browsers', 'web'],
  ['distributed, limits', 'distributed/limits'],
  ['distributed, the side of the worker', 'distributed/serve'],
  ['inspector', 'inspector'],
  ['command line', 'cli'],
  ['otel', 'otel'],
  ['compat', 'compat'],
  [
    'entries',
    'inspector.ts',
    'index.ts',
    'otel.ts',
    'sqlite.ts',
    'testing.ts',
    'worker.ts',
    'bullmq.ts',
    'compat/async-mutex.ts',
    'compat/fastq.ts',
    'compat/p-limit.ts',
    'compat/p-map.ts',
    'compat/p-queue.ts',
    'compat/p-retry.ts',
    'compat/tinypool.ts',
  ],
]

/** What package.json exports: nothing but re-exports. */
export const ENTRIES: readonly string[] = FLOORS.at(-1)?.slice(1) ?? []

export const MOST_FILES = 15
export const MOST_LINES = 300

/** Who may import what is no file of ours: folders or files of `src`. Everything else imports nothing from outside. */
export const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  'node:': [
    // The core has one door to Node, so that a build for another runtime replaces one file.
    'base/platform.ts',
    // Types of what Node hands to a method that only Node calls.
    'base/inspect.ts',
    'store/sqlite',
    // Types alone.
    'builtin-tasks/hash-thread.ts',
    'web',
    'testing',
    'worker/functions',
    'worker/messages',
    'worker/child',
    'worker/parent',
    'connection',
    'distributed',
    'inspector',
    'cli',
    'compat/tinypool',
  ],
  '@opentelemetry/api': ['otel'],
  effection: [
    'base/operation.ts',
    'base/yielded.ts',
    'limits/acquire',
    'task',
    'scheduler',
    'manager',
    'runner/base-task.ts',
    'worker/child/remote-',
  ],
  bullmq: ['distributed/bullmq'],
  ioredis: ['connection', 'distributed'],
  pg: ['connection', 'distributed'],
  '@sinonjs/fake-timers': ['testing'],
}
