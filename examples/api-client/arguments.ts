import { parseArgs } from 'node:util'

/** What the command line asked for. */
export interface Arguments {
  /** How many calls to make. */
  readonly calls: number
  readonly help: boolean
}

/** The command cannot be carried out as it was given: one line for the user, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const MAX_CALLS = 10_000
const DEFAULT_CALLS = 100

export const HELP = `Usage: npm run example:api -- [options]

Starts an HTTP API on loopback that answers 429 above so many requests or tokens per second, and 503 now and then.
Calls it as fast as it may be called, so that every call is answered and none is refused, and prints how that went.

Options:
      --calls N  how many calls to make, 1 to ${MAX_CALLS} (default: ${DEFAULT_CALLS}, two to three seconds)
  -h, --help     print this and exit

Ctrl-C stops the calls at once.
Exit codes: 0 all answered, 1 a call was given up, 2 wrong usage, 130 interrupted.
`

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        calls: { type: 'string', default: String(DEFAULT_CALLS) },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(error.message.replaceAll('\n', ' '), { cause: error })
  }
}

/** Reads the command line; throws {@link UsageError} for anything it cannot mean. */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values } = parse(argv)
  const calls = Number(values.calls)
  if (!/^\d+$/.test(values.calls) || calls < 1 || calls > MAX_CALLS) {
    throw new UsageError(`--calls must be a whole number from 1 to ${MAX_CALLS}, got ${JSON.stringify(values.calls)}`)
  }
  return { calls, help: values.help }
}
