import type { Distribution, RunnerStats } from '../../src/index.ts'

/** The outcomes as `gather` gives them, in the order of the submissions: results, and errors in their places. */
export function outcomes(results: readonly (string | Error)[]): string {
  return results.map((result, n) => `${String(n + 1).padStart(2)}  ${result}\n`).join('')
}

export function statistics(stats: RunnerStats): string {
  const { submitted, done, failed, cancelled, rejected, retried, queueSize, throughput } = stats
  return [
    `submitted ${submitted}: ${done} done, ${failed} failed, ${cancelled} cancelled; ${retried} retried, ${rejected} refused`,
    `queue ${queueSize}, ${throughput.overall.toFixed(1)} tasks per second`,
    `waited    ${distribution(stats.waitTime)}`,
    `ran       ${distribution(stats.runTime)}`,
    '',
  ].join('\n')
}

function distribution({ p50, p95, p99, max, mean }: Distribution): string {
  return `p50 ${p50}  p95 ${p95}  p99 ${p99}  max ${max}  mean ${mean.toFixed(1)} ms`
}
