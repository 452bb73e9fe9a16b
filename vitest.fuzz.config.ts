import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** What `npm run fuzz` runs: the properties and the mutated messages of `npm test`, thousands of them. */
export default defineConfig({
  test: {
    ...base.test,
    include: ['test/fuzz/**/*.test.ts', 'test/invariants/**/*.test.ts', 'test/runner/stats.test.ts'],
    env: { ...base.test?.env, TASKSCOPE_FUZZ: process.env.TASKSCOPE_FUZZ ?? '10' },
    testTimeout: 300_000,
  },
})
