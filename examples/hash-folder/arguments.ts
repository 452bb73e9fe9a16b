import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { WorkerMode } from '../../src/worker.ts'

/** What the command line asked for. */
export interface Arguments {
  /** As it was given; `undefined`: the project's own folder. */
  readonly folder: string | undefined
  /** Where files are hashed. */
  readonly mode: WorkerMode
  /** How many files are hashed at a time. */
  readonly jobs: number
  /** Milliseconds that running files get after Ctrl-C. */
  readonly closeTimeout: number
  readonly help: boolean
}

/** The command cannot be carried out as it was given: one line for the user, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const MODES = ['async', 'thread', 'process'] as const satisfies WorkerMode[]
/** Handing a small file over takes longer than hashing it: threads only pay where most files are large. */
const DEFAULT_MODE = 'async'
/** The disk and the thread pool of Node are busy well below this; above, a run could exhaust its file descriptors. */
export const MAX_JOBS = 1024
/** Reading is what takes long on an event loop; a thread or a process that hashes needs a processor for itself. */
const DEFAULT_JOBS = { async: 8, thread: availableParallelism(), process: availableParallelism() }
/** The longest that a timer can wait. */
const MAX_TIMEOUT = 2 ** 31 - 1
const DEFAULT_CLOSE_TIMEOUT = 10_000

export const HELP = `Usage: npm start -- [options] [folder]

Prints the SHA-256 of every file under the folder (default: this project's own) in the form that
\`sha256sum -c\` accepts, in the byte-wise order of the paths. Progress and the summary go to stderr.

Options:
  -m, --mode MODE        where files are hashed: ${MODES.join(', ')} (default: ${DEFAULT_MODE};
                         threads and processes are faster on large files, slower on small ones)
  -j, --jobs N           files hashed at a time, 1 to ${MAX_JOBS} (default: ${DEFAULT_JOBS.async},
                         in the other modes one per processor)
      --close-timeout N  milliseconds that running files get after Ctrl-C (default: ${DEFAULT_CLOSE_TIMEOUT})
  -h, --help             print this and exit

Nothing is left out by name: hidden files, .git and node_modules are hashed too. A symbolic link to a file is
hashed as the file it leads to; links to folders are not followed. Those, sockets, pipes, devices and the file that
this output goes to are skipped, and counted in the summary.

Ctrl-C starts no more files and lets running ones end; a second one exits at once.
Exit codes: 0 all hashed, 1 something could not be read, 2 wrong usage, 130 interrupted.

To check later, from the same place (--silent keeps npm's own lines out of the file):
  npm start --silent -- folder > sums
  sha256sum -c sums
`

/** Throws {@link UsageError} for what is no such number. */
export function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new UsageError(`${option} must be a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`)
}

function modeOf(text: string): (typeof MODES)[number] {
  const mode = MODES.find(each => each === text)
  if (mode !== undefined) return mode
  throw new UsageError(`--mode must be one of ${MODES.join(', ')}, got ${JSON.stringify(text)}`)
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        mode: { type: 'string', short: 'm', default: DEFAULT_MODE },
        jobs: { type: 'string', short: 'j' },
        'close-timeout': { type: 'string', default: String(DEFAULT_CLOSE_TIMEOUT) },
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
  const { values, positionals } = parse(argv)
  if (positionals.length > 1) throw new UsageError(`one folder at a time, got ${positionals.length}`)
  const mode = modeOf(values.mode)
  return {
    folder: positionals[0],
    mode,
    jobs: wholeNumber('--jobs', values.jobs ?? String(DEFAULT_JOBS[mode]), 1, MAX_JOBS),
    closeTimeout: wholeNumber('--close-timeout', values['close-timeout'], 0, MAX_TIMEOUT),
    help: values.help,
  }
}
