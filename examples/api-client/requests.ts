import type { Rules } from './rules.ts'

/** The API cannot answer now (429, 5xx): the same call may succeed later. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError'

  constructor(status: number) {
    super(`the API answered ${status}`)
  }
}

/** Asks the API what it allows. */
export async function fetchRules(url: string): Promise<Rules> {
  const response = await fetch(url)
  return (await response.json()) as Rules
}

/** Sends one prompt and returns how many tokens the API charged for it. */
export async function complete(url: string, prompt: string, signal: AbortSignal): Promise<number> {
  const response = await fetch(url, { method: 'POST', body: prompt, signal })
  // Read in any case: a connection whose answer was not read cannot be used again.
  const body = await response.text()
  if (response.status === 429 || response.status >= 500) throw new UnavailableError(response.status)
  if (!response.ok) throw new Error(`the API answered ${response.status}`)
  return (JSON.parse(body) as { readonly tokens: number }).tokens
}

/** Whether `fetch` failed on the way, as opposed to having been called wrongly: then its error has a cause. */
export function isNetworkError(error: unknown): boolean {
  return error instanceof TypeError && error.cause !== undefined
}
