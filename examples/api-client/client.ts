import { callLimit, limits, rateLimit, TaskManager, TaskTimeoutError } from '../../src/index.ts'
import { complete, isNetworkError, UnavailableError } from './requests.ts'
import { countTokens, type Rules, SECOND } from './rules.ts'

/** Milliseconds that one attempt gets. */
const TIMEOUT = 1_000

/**
 * Milliseconds in which the client spends what the API allows in a second.
 *
 * The client counts a call when it lets it go, the API when it looks at it: from at once to `TIMEOUT` later, when the
 * attempt is given up. Calls that the API counts within one second were therefore let go within a second and `TIMEOUT`:
 * a sliding window of that length, which is exact wherever it begins, keeps the API's own from overflowing. The price is
 * speed, half of what is allowed; a shorter timeout costs less.
 */
const WINDOW = SECOND + TIMEOUT

/**
 * A tenth of the budget in every tenth of the window is never more than all of it in the whole, and comes evenly: one
 * burst of everything would slow itself down.
 */
const PARTS = 10

const RETRY = {
  retries: 8,
  retryOn: [UnavailableError, TaskTimeoutError, isNetworkError],
  wait: 50,
  maxWait: 1_000,
  jitter: 'full',
} as const

/** How the calls went. */
export interface Calls {
  readonly answered: number
  /** What the API charged for the answers. */
  readonly tokens: number
  readonly retries: number
  /** Why calls have no answer, one for each. */
  readonly errors: readonly unknown[]
}

/** Sends every prompt, within the API's rules and again when need be; aborting `signal` stops all of it. */
export async function callAll(
  url: string,
  { requestsPerSecond, tokensPerSecond }: Rules,
  prompts: readonly string[],
  signal: AbortSignal,
): Promise<Calls> {
  const budget = limits([
    callLimit(Math.floor(requestsPerSecond / PARTS), WINDOW / PARTS),
    rateLimit({ key: 'tokens', capacity: Math.floor(tokensPerSecond / PARTS), per: WINDOW / PARTS }),
  ])
  // The budget is what limits the calls, so there is no need for slots.
  const manager = await TaskManager.start({ name: 'api-client', maxTasks: Number.POSITIVE_INFINITY, signal })
  const handles = prompts.map(prompt =>
    manager.spawn(task => complete(url, prompt, task.signal), {
      limits: budget,
      cost: { tokens: countTokens(prompt) },
      timeout: TIMEOUT,
      retry: RETRY,
    }),
  )
  const outcomes = await Promise.allSettled(handles)
  await manager.close()
  const answers = outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  return {
    answered: answers.length,
    tokens: answers.reduce((sum, tokens) => sum + tokens, 0),
    retries: handles.reduce((sum, handle) => sum + Math.max(0, handle.record().attempt - 1), 0),
    errors: outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason] : [])),
  }
}
