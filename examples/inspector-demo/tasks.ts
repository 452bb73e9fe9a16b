import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskContext } from '../../src/index.ts'

/** Works for a while, in steps that it reports. */
export async function inSteps(
  { signal, progress }: TaskContext,
  ms: number,
  steps = 10,
  message = '',
): Promise<string> {
  for (let completed = 0; completed < steps; completed++) {
    progress({ completed, total: steps, ...(message !== '' && { message }) })
    await sleep(ms / steps, undefined, { signal })
  }
  progress({ completed: steps, total: steps })
  return `${steps} steps in ${ms} ms`
}

/** Fails now and then, for a reason with a reason. */
export async function flaky({ signal, attempt }: TaskContext, chance: number): Promise<string> {
  await sleep(200 + Math.random() * 500, undefined, { signal })
  if (Math.random() < chance) {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    throw new Error('the server did not answer', { cause: reset })
  }
  return `answered at attempt ${attempt}`
}

/** Takes its time to stop: it finishes what it has begun. */
export async function reluctant({ signal }: TaskContext): Promise<void> {
  try {
    await sleep(60_000, undefined, { signal })
  } finally {
    await sleep(3_000)
  }
}

/** Runs in a thread. */
export function countPrimes(below: number): number {
  let found = 0
  for (let candidate = 2; candidate < below; candidate++) {
    let divisor = 2
    while (divisor * divisor <= candidate && candidate % divisor !== 0) divisor++
    if (divisor * divisor > candidate) found++
  }
  return found
}
