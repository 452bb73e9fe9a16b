import { defineConfig } from 'vitest/config'
import { BEFORE, SETTINGS } from './vitest.config.ts'

/** What `npm run fuzz` runs: the properties and the mutated messages of `npm test`, thousands of them. */
export default defineConfig({
  test: {
    ...SETTINGS,
    globalSetup: BEFORE,
    include: [
      'test/fuzz/**/*.test.ts',
      'test/invariants/**/*.test.ts',
      'test/manager/policies.test.ts',
      'test/runner/{crash,stats}.test.ts',
      'test/collections/*.test.ts',
      'test/limits/{per-key,rates,semaphore,set}.test.ts',
      'test/task/{backoff,shared-settings}.test.ts',
      'test/web/platform.test.ts',
      'test/worker/pool/plans.test.ts',
      'test/distributed/protocol/payload.test.ts',
    ],
    env: { ...SETTINGS.env, TASKSCOPE_FUZZ: process.env.TASKSCOPE_FUZZ ?? '10' },
    testTimeout: 300_000,
  },
})
