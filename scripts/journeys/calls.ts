/** What runs in the thread. */
export function double(value: number): number {
  return 2 * value
}

/** As one text: to carry each of them would make for more of them. */
export async function stepsHere(): Promise<string> {
  // Not at the top: only a thread that is traced has it.
  const { takeSteps } = await import('./trace.ts')
  return JSON.stringify(takeSteps())
}
