import { setImmediate } from 'node:timers/promises'
import { profile, profiling } from './profile.ts'
import { median } from './statistics.ts'
import type { Row } from './types.ts'
import { quick } from './workload.ts'

/** Rounds that do not count: until then compilers and heap are still settling, for the larger code longest. */
export const warmUp = quick ? 0 : 3

/** One of the things compared: does the whole workload once, everything from set-up to shutdown. */
export interface Contender {
  readonly name: string
  /** Does what is not to be timed, before each run. */
  prepare?(): PromiseLike<unknown>
  run(): Promise<unknown>
}

/** A peer, and what our time divided by its time may be at most. */
export interface Peer extends Contender {
  readonly goal?: number
  /** In how many rounds it takes part, the last ones: for one so slow that a few tell, and that its first run warms it up. */
  readonly rounds?: number
}

/** What to compare, and for how long. */
export interface Comparison {
  readonly ours: Contender
  readonly peers: readonly Peer[]
  /** Tasks in one run: times are given per task. */
  readonly tasks: number
  readonly rounds: number
  /** @default 'µs per task' */
  readonly unit?: string
}

/**
 * Runs ours and every peer in turn, `rounds` times after the warm-up, and returns a row for each.
 *
 * Machines drift, so the ratios are taken within a round, where both sides meet the same weather, and their median is
 * what counts. The order rotates, so that nobody always runs first.
 */
export async function compare({ ours, peers, tasks, rounds, unit = 'µs per task' }: Comparison): Promise<Row[]> {
  if (profiling) return profileOf(ours, rounds)
  const contenders: Peer[] = [ours, ...peers]
  const times = new Map<Contender, number[]>(contenders.map(contender => [contender, []]))
  for (let round = 0; round < warmUp + rounds; round++) {
    for (const contender of rotate(contenders, round)) {
      if (round < warmUp + rounds - (contender.rounds ?? Number.POSITIVE_INFINITY)) continue
      await contender.prepare?.()
      const time = await timed(() => contender.run())
      if (round >= warmUp) times.get(contender)?.push((time * 1_000) / tasks)
    }
  }
  const ourTimes = times.get(ours) ?? []
  return contenders.map(contender => {
    const own = times.get(contender) ?? []
    const missed = ourTimes.length - own.length
    const row = { label: contender.name, value: median(own), unit }
    if (contender === ours) return row
    const ratio = median(own.map((time, round) => (ourTimes[missed + round] ?? Number.NaN) / time))
    return contender.goal === undefined ? { ...row, ratio } : { ...row, ratio, goal: contender.goal }
  })
}

/** Where our own time goes, without the collections between the rounds. */
async function profileOf(ours: Contender, rounds: number): Promise<Row[]> {
  const run = async () => {
    await ours.prepare?.()
    await ours.run()
  }
  for (let round = 0; round < warmUp; round++) await run()
  await collectGarbage()
  return profile(async () => {
    for (let round = 0; round < rounds; round++) await run()
  })
}

/** The milliseconds `run` takes, from a clean heap. */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  await collectGarbage()
  const start = performance.now()
  await run()
  return performance.now() - start
}

/** Collects garbage after the event loop has gone round, so that what just ended is garbage. Needs `--expose-gc`. */
export async function collectGarbage(): Promise<void> {
  await setImmediate()
  globalThis.gc?.()
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}
