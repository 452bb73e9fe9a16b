/** Milliseconds. */
const FIRST = 100
const LONGEST = 2_000

/** Milliseconds until the next try, after so many: twice as many each time, and never the same for two that wait. */
export function pauseAfter(tries: number): number {
  return Math.min(FIRST * 2 ** tries, LONGEST) * (0.5 + Math.random() / 2)
}
