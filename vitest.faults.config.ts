import { defineConfig } from 'vitest/config'
import { FAULTS, SERVERS, SETTINGS } from './vitest.config.ts'

/** What `npm run faults` runs: servers and processes that are killed, frozen and waited for. */
export default defineConfig({ test: { ...SETTINGS, globalSetup: SERVERS, include: FAULTS, testTimeout: 60_000 } })
