import type fc from 'fast-check'

const fuzzing = process.env.npm_lifecycle_event === 'fuzz'
const asked = Number(process.env.FUZZ_RUNS ?? Number.NaN)

/**
 * How a property runs: `usual` times from a fixed seed in `npm test`, which must never be red by chance; ten times as
 * often, or `FUZZ_RUNS` times, from a new seed each time in `npm run fuzz`. A failure prints its seed and path.
 */
export function runs(usual: number): fc.Parameters<unknown> & { numRuns: number } {
  const numRuns = asked > 0 ? asked : fuzzing ? usual * 10 : usual
  return fuzzing ? { numRuns } : { numRuns, seed: 20_251_120 }
}

/** The time limit of a test that runs a property: far beyond what it takes, on a slow machine too. */
export function patience(usual: number): number {
  return 20_000 + runs(usual).numRuns * 100
}
