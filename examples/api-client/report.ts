import type { Calls } from './client.ts'
import { type Rules, SECOND } from './rules.ts'
import type { Api } from './server.ts'

/** How a run went, as a table: what the client knows, and what the API has counted for itself. */
export function report(calls: Calls, { refused, busiestSecond }: Api, rules: Rules, milliseconds: number): string {
  const { requestsPerSecond, tokensPerSecond } = rules
  const seconds = milliseconds / SECOND
  const rows: readonly (readonly [label: string, value: number, remark: string])[] = [
    ['calls', calls.answered, `answered, ${calls.errors.length} without an answer`],
    ['retries', calls.retries, ''],
    ['refused', refused, 'by the API with 429'],
    ['busiest second', busiestSecond.requests, `requests of ${grouped(requestsPerSecond)} allowed`],
    ['', busiestSecond.tokens, `tokens of ${grouped(tokensPerSecond)} allowed`],
    ['tokens per second', Math.round(calls.tokens / seconds), 'of answered calls, over the whole time'],
    ['time', seconds, 'seconds'],
  ]
  return rows.map(([label, value, remark]) => line(label, grouped(value), remark)).join('')
}

function line(label: string, value: string, remark: string): string {
  return `${label.padEnd(17)}  ${value.padStart(7)}  ${remark}`.trimEnd().concat('\n')
}

function grouped(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 2 })
}
