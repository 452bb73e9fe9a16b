import { HELP, parseArguments, UsageError } from './arguments.ts'
import { callAll } from './client.ts'
import { Interrupted, interruption } from './interrupt.ts'
import { prompts } from './prompts.ts'
import { report } from './report.ts'
import { fetchRules } from './requests.ts'
import { RULES } from './rules.ts'
import { Api } from './server.ts'

async function main(argv: readonly string[]): Promise<number> {
  const { calls: count, help } = parseArguments(argv)
  if (help) {
    process.stdout.write(HELP)
    return 0
  }
  const api = await Api.start(RULES)
  const rules = await fetchRules(api.url)
  const { requestsPerSecond, tokensPerSecond } = rules
  const signal = interruption()
  process.stderr.write(
    `${count} calls to ${api.url}, which allows ${requestsPerSecond} requests and ${tokensPerSecond} tokens per second\n`,
  )
  const start = performance.now()
  const calls = await callAll(api.url, rules, prompts(count), signal)
  const milliseconds = performance.now() - start
  await api.close()
  process.stdout.write(report(calls, api, rules, milliseconds))
  if (signal.reason instanceof Interrupted) {
    process.stderr.write(`api-client: ${signal.reason.message}\n`)
    return signal.reason.exitCode
  }
  for (const error of calls.errors) process.stderr.write(`api-client: a call was given up: ${error}\n`)
  return calls.errors.length > 0 ? 1 : 0
}

/** A reader who has left needs no table. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})
process.stderr.on('error', () => {})

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`api-client: ${error.message} (--help says more)\n`)
  process.exitCode = 2
}
