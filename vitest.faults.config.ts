import { defineConfig } from 'vitest/config'
import { BEFORE, FAULTS, SETTINGS } from './vitest.config.ts'

/** What `npm run faults` runs: servers and processes that are killed, frozen and waited for. */
export default defineConfig({ test: { ...SETTINGS, globalSetup: BEFORE, include: FAULTS } })
