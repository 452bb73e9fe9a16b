import { defineConfig } from 'vitest/config'
import { SETTINGS } from './vitest.config.ts'

/** What `npm run browser` runs: the inspector in Debian's Chromium. Screenshots go to `test/browser/screenshots`. */
export default defineConfig({ test: { ...SETTINGS, include: ['test/browser/*.browser.ts'] } })
