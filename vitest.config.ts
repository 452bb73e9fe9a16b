import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig, type ViteUserConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.ts'

/** Mostly they wait, for locks and leases that run out, for servers and commands that start: they have a command of their own. */
export const FAULTS = [
  'test/distributed/faults/*.test.ts',
  'test/distributed/{forged-jobs,rolling-deployment}.test.ts',
  'test/distributed/limits/{contention,leases,loss,postponed}.test.ts',
  'test/distributed/{cli,cli-refusals,script-runner,service-report}.test.ts',
  'test/runner/{command-kills,million-kept}.test.ts',
  'test/examples/{crawl-kills,hash-distributed,hash-folder-modes}.test.ts',
  'test/limits/per-key-memory.test.ts',
  'test/servers/*.test.ts',
  'test/worker/host/misshapen.test.ts',
]

/** They count what is alive in their process, or depend on what others have registered or replaced: each has a process of its own. */
const APART = [
  'test/base/errors.test.ts',
  'test/invariants/{memory,standing-still}.test.ts',
  'test/limits/per-key.test.ts',
  'test/builtin-tasks/hash-in-thread.test.ts',
  'test/worker/host/values.test.ts',
  ...globSync('test/**/*.test.ts').filter(path => readFileSync(path, 'utf8').includes('getTimerCount')),
]

/** What happens once, before the tests of a command. */
export const BEFORE = ['test/compile-cache.ts', 'test/servers/global-setup.ts']

/** What all commands that run tests have in common. */
export const SETTINGS = {
  setupFiles: ['test/setup.ts'],
  pool: 'forks',
  // Many tests wait for processes that they start: more of them than cores keep those busy.
  maxWorkers: 5,
  execArgv: ['--expose-gc'],
  // For what hangs: on a busy machine the start of a process alone takes seconds.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // Hundreds of workers are started from the sources: without it each of them strips the types again.
  env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/node-compile', import.meta.url)) },
} satisfies ViteUserConfig['test']

export default defineConfig({
  test: {
    ...SETTINGS,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          globalSetup: BEFORE,
          exclude: [...configDefaults.exclude, ...FAULTS, ...APART],
          // Loading the library anew would take longer than most files.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'apart', include: APART, exclude: FAULTS } },
    ],
  },
})
