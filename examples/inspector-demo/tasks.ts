import { setTimeout as sleep } from 'node:timers/promises'
import { BaseTask, type TaskContext } from '../../src/index.ts'

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

/** Can be run again from the page. */
export class Translate extends BaseTask<string> {
  static readonly type = 'translation'
  readonly type = 'translation'
  override readonly name: string
  override readonly retry = { retries: 3, wait: 2_000, backoff: 'linear' } as const
  readonly page: number

  constructor(page: number) {
    super()
    this.page = page
    this.name = `translate page ${page}`
  }

  run(context: TaskContext): Promise<string> {
    return flaky(context, 0.55)
  }

  toJSON(): object {
    return { page: this.page }
  }

  static fromJSON({ page }: { page: number }): Translate {
    return new Translate(page)
  }
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
