/** Whether the run is only to show that every case still works: its figures are worth nothing. */
export const quick = process.env.BENCH_QUICK !== undefined

/** So many, or in a quick run a twentieth. */
export function many(count: number): number {
  return quick ? Math.ceil(count / 20) : count
}

/** Tasks that may run at once: the manager's default. */
export const slots = 35

/** The smallest task that really is asynchronous, so that what is measured is the manager and not the work. */
export async function work(): Promise<number> {
  await null
  return 1
}

/** 0, 1, 2 … below `length`. */
export function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}

/** Does nothing. */
export function ignore(): void {}
