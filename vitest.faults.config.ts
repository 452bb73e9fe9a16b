import { configDefaults, defineConfig } from 'vitest/config'
import base, { FAULTS } from './vitest.config.ts'

/** What `npm run faults` runs: servers and processes that are killed, frozen and waited for. */
export default defineConfig({
  test: { ...base.test, include: [...FAULTS], exclude: configDefaults.exclude, testTimeout: 60_000 },
})
