import { parseArgs } from 'node:util'

/** What the command line asked for. */
export interface Arguments {
  /** The file that keeps the records; `undefined`: they end with the process. */
  readonly store: string | undefined
  readonly help: boolean
}

/** The command cannot be carried out as it was given: one line for the user, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const HELP = `Usage: npm run demo -- [options]

Submits 10 tasks that sleep, some of them longer than they may, and 10 that hash, to a runner with 5 workers and a queue
of 10 places. Prints every outcome, the statistics, and the records.

Options:
      --store FILE  keep the records in this SQLite file: the next run shows them, and goes on with what was interrupted
  -h, --help        print this and exit

Ctrl-C stops at once. Exit codes: 0 all ended, 1 the store failed, 2 wrong usage, 130 interrupted.
`

/** Reads the command line; throws {@link UsageError} for anything it cannot mean. */
export function parseArguments(argv: readonly string[]): Arguments {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { store: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
    })
    if (values.store === '') throw new UsageError('--store must name a file')
    return { store: values.store, help: values.help }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(error.message.replaceAll('\n', ' '), { cause: error })
  }
}
