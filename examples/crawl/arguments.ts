import { parseArgs } from 'node:util'

/** What the command line asked for. */
export interface Arguments {
  /** Where to begin; nothing: at a site that the program serves itself. */
  readonly url: URL | undefined
  /** The file that remembers how far it is. */
  readonly store: string | undefined
  /** How many pages that site has. */
  readonly pages: number
  /** The most requests a second to one host. */
  readonly rate: number
  readonly help: boolean
}

/** The command cannot be carried out as it was given: one line for the user, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const HELP = `Usage: npm run example:crawl -- [url] [options]

Crawls a site: every page that links lead to from the URL on the same origin and robots.txt allows, each once. Prints a line
for each on stdout (status, bytes, links, URL) and shows on stderr how far it is. Without a URL it serves a site of its own
on loopback, with pages that are slow, fail at first, redirect, or answer 429 with Retry-After.

Options:
      --store FILE  remembers in FILE what was crawled: killed or stopped, the same command goes on where it was
      --pages N     how many pages that own site has, 1 to 100000 (default: 2000)
      --rate N      at most so many requests a second to one host, 1 to 100000 (default: 500)
  -h, --help        print this and exit

Ctrl-C stops it at once; what is left is in FILE.
Exit codes: 0 all crawled, 1 a page or the store failed, 2 wrong usage, 130 interrupted.
`

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        store: { type: 'string' },
        pages: { type: 'string', default: '2000' },
        rate: { type: 'string', default: '500' },
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
  if (positionals.length > 1) throw new UsageError(`there can be one URL, got ${positionals.length}`)
  const [given] = positionals
  return {
    url: given === undefined ? undefined : urlOf(given),
    store: values.store === undefined ? undefined : storeOf(values.store),
    pages: countOf('--pages', values.pages),
    rate: countOf('--rate', values.rate),
    help: values.help,
  }
}

function urlOf(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`the URL must be one of http or https, got ${JSON.stringify(text)}`)
  }
  url.hash = ''
  return url
}

function storeOf(text: string): string {
  if (text === '') throw new UsageError('--store must name a file, got ""')
  return text
}

function countOf(option: string, text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || count > 100_000) {
    throw new UsageError(`${option} must be a whole number from 1 to 100000, got ${JSON.stringify(text)}`)
  }
  return count
}
