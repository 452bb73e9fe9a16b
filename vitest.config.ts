import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
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
