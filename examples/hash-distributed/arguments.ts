import { parseArgs } from 'node:util'
import { connectionOf } from '../../src/cli/arguments.ts'
import { MAX_JOBS, UsageError, wholeNumber } from '../hash-folder/arguments.ts'

/** What the command line asked for. */
export interface Arguments {
  /** As it was given; `undefined`: the project's own folder. */
  readonly folder: string | undefined
  /** The URL of the server that has the queue. */
  readonly connection: string
  readonly queue: string
  /** How many files each worker hashes at a time. */
  readonly jobs: number
  readonly help: boolean
}

const DEFAULT_REDIS = 'redis://127.0.0.1:6379'
const DEFAULT_QUEUE = 'hash-distributed'
const DEFAULT_JOBS = '8'

export const HELP = `Usage: npm run demo:distributed -- [options] [folder]

Starts two workers, as two machines would have them, each with

  npx taskscope serve examples/hash-distributed/tasks.ts --queue ${DEFAULT_QUEUE}

and has them hash every file under the folder (default: this project's own). Prints SHA-256 checksums as npm start
does, and at the end which worker has hashed how many files. Progress and all else go to stderr.

Options:
      --redis URL     the server of the queue (default: REDIS_URL of the environment, or ${DEFAULT_REDIS})
      --postgres URL  a PostgreSQL in its place
  -q, --queue NAME    the name of the queue (default: ${DEFAULT_QUEUE})
  -j, --jobs N        files that each worker hashes at a time, 1 to ${MAX_JOBS} (default: ${DEFAULT_JOBS})
  -h, --help          print this and exit

To see what happens then, end one of the workers while they work (kill -9): the other one takes over its files.
Ctrl-C stops the files that are being hashed, and the workers; a second one exits at once.
Exit codes: 0 all hashed, 1 something could not be read, or no server, 2 wrong usage, 130 interrupted.
`

function parse(argv: readonly string[], env: NodeJS.ProcessEnv) {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        redis: { type: 'string' },
        postgres: { type: 'string' },
        queue: { type: 'string', short: 'q', default: DEFAULT_QUEUE },
        jobs: { type: 'string', short: 'j', default: DEFAULT_JOBS },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    return { values, positionals, connection: connectionOf(values, { REDIS_URL: env.REDIS_URL || DEFAULT_REDIS }) }
  } catch (error) {
    throw new UsageError((error as Error).message.replaceAll('\n', ' '), { cause: error })
  }
}

/** Reads the command line; throws {@link UsageError} for anything it cannot mean. */
export function parseArguments(argv: readonly string[], env: NodeJS.ProcessEnv): Arguments {
  const { values, positionals, connection } = parse(argv, env)
  const { queue, help } = values
  if (positionals.length > 1) throw new UsageError(`one folder at a time, got ${positionals.length}`)
  if (queue === '' || queue.includes(':')) {
    throw new UsageError(`--queue must be a name without ':', got ${JSON.stringify(queue)}`)
  }
  return { folder: positionals[0], connection, queue, jobs: wholeNumber('--jobs', values.jobs, 1, MAX_JOBS), help }
}
