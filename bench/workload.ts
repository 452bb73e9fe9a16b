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
