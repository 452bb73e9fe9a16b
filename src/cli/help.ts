import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** What `--help` prints. */
export const HELP = `Usage: taskscope serve MODULE --queue NAME [--redis URL | --postgres URL] [options]
       taskscope tasks FILE [list | show ID | stats | rerun ID | cancel ID] (tasks --help says more)

serve runs the calls of a queue on this machine: those of the functions that the module exports or passes to task(), and no
others; classes, and functions of Node itself, only where they are passed to task(). The module is a file, in TypeScript
where Node runs that (22.18 or later).

Options:
  -q, --queue NAME          the queue that callers name, too (required)
      --redis URL           its server: redis://… or rediss://… (default: REDIS_URL of the environment)
      --postgres URL        or: postgres://… or postgresql://… (default: DATABASE_URL); say which one if both are set
  -j, --jobs N              calls that run at a time (default: 35, in the other modes one per processor: ${availableParallelism()})
      --mode MODE           where they run: async (this event loop), thread, process (default: async)
      --prefix TEXT         what the keys of the queue begin with in a Redis, as for its callers (default: bull)
      --lock-duration MS    until another worker has the calls of one that died or froze (default: 30000)
      --close-timeout MS    that running calls get when this is told to stop (default: 10000)
      --cleanup-timeout MS  that a call gets to clean up when it is stopped (default: 1000)
      --connect-timeout MS  for the first connection (default: 10000)
      --metrics PORT        serve /metrics for Prometheus, /live and /ready there (0: any that is free)
      --inspect PORT        serve a live page about the calls there (0: any that is free)
      --host ADDRESS        where both listen (default: 127.0.0.1); with --inspect any other needs a token
      --token TEXT          what must be given to see the page (default: TASKSCOPE_TOKEN of the environment)
      --read-only           nothing can be cancelled or changed on the page
  -h, --help                print this and exit
      --version             print the version and exit

A URL in the environment keeps its password out of the list of processes; one that is passed is there while this starts,
and for as long as this runs in the process of npx.

SIGTERM and SIGINT (Ctrl-C) stop it: it takes no new call, lets the running ones end within the close timeout, and gives
the rest back to the queue for other workers. A second one exits at once. It stops in the same way when the npx, npm or
node --run ends that has started it.
Exit codes: 0 stopped, 1 no connection, no such module or a port in use, 2 wrong usage, 130 or 143 stopped at once by a signal.

Example: taskscope serve ./tasks.js --queue images --redis redis://127.0.0.1:6379 --jobs 8
`

/** What `tasks --help` prints. */
export const TASKS_HELP = `Usage: taskscope tasks FILE [list | show ID | stats | rerun ID | cancel ID] [options]

Shows the tasks that a runner keeps in a store, sqliteStore('FILE'), also while it runs, and changes one.

  list                      the latest tasks, the newest first (default)
  show ID                   all that is known of one
  stats                     how many there are of each type and status
  rerun ID                  has a task that has ended run again, if its class is in the tasks of the runner
  cancel ID                 cancels one; says so once its work has stopped

A runner that has the file open does what is asked, and confirms it. Where none has, a rerun is kept in the file for the
next one, and a task that has not ended is cancelled in the file.

Options of list:
      --status STATUS,…     pending, running, stopping, done, failed, cancelled
      --type TYPE, --name NAME, --tag TAG
  -n, --limit N             at most so many (default: 50)
      --before ID           only smaller ids: the next page
Others:
      --json                a line of JSON for each task (list, show, stats)
  -w, --watch               goes on, and shows what changes (list, stats); Ctrl-C ends it
  -h, --help                print this and exit

Exit codes: 0 done, 1 it can't be done, 2 wrong usage, no such file or no store.

Example: taskscope tasks tasks.db list --tag night --status failed
`

/** The version in the package that this is a file of: how far up that is differs between the sources and what is built. */
export function version(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    const found = readPackage(new URL('package.json', folder))?.version
    if (found !== undefined) return found
    if (folder.pathname === '/') throw new Error('the package.json of taskscope is missing')
  }
}

function readPackage(url: URL): { readonly version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(url, 'utf8'))
  } catch {
    return undefined
  }
}
