/** What the API lets through, both at once and in any second, wherever it begins. */
export interface Rules {
  readonly requestsPerSecond: number
  readonly tokensPerSecond: number
}

/** In milliseconds. */
export const SECOND = 1_000

export const RULES: Rules = { requestsPerSecond: 100, tokensPerSecond: 20_000 }

/** What a prompt costs: a token for each word. */
export function countTokens(prompt: string): number {
  return prompt.split(' ').length
}
