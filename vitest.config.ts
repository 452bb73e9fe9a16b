import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'

/** Mostly they wait, for locks and leases that run out, for servers and commands that start: they have a command of their own. */
export const FAULTS = [
  'test/bullmq/faults/*.test.ts',
  'test/bullmq/limits/{contention,leases,loss}.test.ts',
  'test/bullmq/{cli,cli-refusals,script-runner,service-report}.test.ts',
  'test/servers/*.test.ts',
  'test/worker/host/misshapen.test.ts',
]

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...FAULTS],
    globalSetup: ['test/servers/global-setup.ts'],
    setupFiles: ['test/setup.ts'],
    pool: 'forks',
    // Many tests wait for processes that they start: more of them than cores keep those busy.
    maxWorkers: 4,
    execArgv: ['--expose-gc'],
    testTimeout: 20_000,
    // Hundreds of processes are started from the sources: without it each of them strips the types again.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/node-compile', import.meta.url)) },
  },
})
