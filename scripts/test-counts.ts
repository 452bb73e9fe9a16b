/** Prints vitest's JSON report as one line, `N passed, N failed`: `node scripts/test-counts.ts <report>`. */
import { readFileSync } from 'node:fs'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numFailedTestSuites: number
  readonly success: boolean
}

const report: Report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
// A file that does not load has no failed test, but it is a failure.
const failed = report.success ? 0 : Math.max(report.numFailedTests, report.numFailedTestSuites, 1)
console.log(`${report.numPassedTests} passed, ${failed} failed`)
