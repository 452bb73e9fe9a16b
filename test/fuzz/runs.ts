import type fc from 'fast-check'

/** How many times more often than in `npm test` everything runs: 1 there, what TASKSCOPE_FUZZ says in `npm run fuzz`. */
const TIMES = Number(process.env.TASKSCOPE_FUZZ ?? 1)
const SEED = process.env.TASKSCOPE_SEED

/**
 * How a property runs: `usual` times from a fixed seed in `npm test`, which must never be red by chance, and more often,
 * from a new seed each time, with TASKSCOPE_FUZZ. A failure prints its seed, and TASKSCOPE_SEED repeats it.
 */
export function runs<T>(usual: number): fc.Parameters<T> & { numRuns: number } {
  const numRuns = Math.ceil(usual * TIMES)
  if (SEED !== undefined) return { numRuns, seed: Number(SEED) }
  return TIMES > 1 ? { numRuns } : { numRuns, seed: 20_251_120 }
}

/** The time limit of a test that runs a property: far beyond what it takes, on a slow machine too. */
export function patience(usual: number): number {
  return 20_000 + runs(usual).numRuns * 100
}
