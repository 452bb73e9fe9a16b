/**
 * Counts how far a reader has to go: how many files of `src` a journey enters, and how often it moves from one file to
 * another, by a trace of every function that is entered. Fails when a journey has become longer.
 *
 *     npm run journeys             the counts
 *     npm run journeys -- -v       and the way of each, file by file
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { double, stepsHere } from './journeys/calls.ts'
import { type Step, takeSteps, time } from './journeys/trace.ts'

// After the trace, which sees what is loaded from now on.
const { callLimit, SleepTask, TaskManager, TaskRunner } = await import('../src/index.ts')
const { sqliteStore } = await import('../src/sqlite.ts')
const { TaskWorker } = await import('../src/worker.ts')

/** The ways of a journey, one for each thread it comes through. */
type Ways = readonly (readonly string[])[]

interface Journey {
  readonly name: string
  /** The most files and moves: hardly more than they are today, to be lowered when they are fewer. */
  readonly files: number
  readonly moves: number
  /** Goes there once, and gives the steps of each thread. */
  readonly go: () => Promise<readonly (readonly Step[])[]>
}

const manager = await TaskManager.start(2)
const limits = callLimit(1_000, 1_000)
const thread = { mode: 'thread', maxWorkers: 1, module: new URL('journeys/calls.ts', import.meta.url).href } as const
const worker = await TaskWorker.start({
  ...thread,
  execArgv: ['--import', new URL('journeys/trace.ts', import.meta.url).href],
})
const folder = await mkdtemp(join(tmpdir(), 'taskscope-journeys-'))
const runner = await TaskRunner.start({ store: sqliteStore(join(folder, 'store.db')), tasks: [SleepTask] })

const journeys: readonly Journey[] = [
  {
    name: 'a promise task, from spawn to the settled handle',
    files: 12,
    moves: 34,
    go: () => here(() => manager.spawn(async () => {})),
  },
  {
    name: 'the same with a limit, failed once and tried again',
    files: 20,
    moves: 138,
    go: () => here(() => manager.spawn(failsOnce(), { limits, retry: { retries: 1, wait: 0 } })),
  },
  { name: 'a call in a warm thread', files: 26, moves: 87, go: inThread },
  {
    name: 'runner.submit until accepted, with a store',
    files: 20,
    moves: 45,
    go: async () => {
      let ended: PromiseLike<unknown> | undefined
      const task = new SleepTask({ ms: 0 })
      const steps = await here(() => {
        const handle = runner.submit(task)
        ended = handle
        return handle.accepted
      })
      await ended
      await runner.flush()
      return steps
    },
  },
]

function failsOnce(): () => Promise<void> {
  let failed = false
  return async () => {
    if (failed) return
    failed = true
    throw new Error('once')
  }
}

async function here(go: () => PromiseLike<unknown>): Promise<readonly (readonly Step[])[]> {
  takeSteps()
  await go()
  return [takeSteps()]
}

async function inThread(): Promise<readonly (readonly Step[])[]> {
  const from = time()
  const [mine] = await here(() => worker.submit(double, 1))
  const to = time()
  const theirs: readonly Step[] = JSON.parse(await worker.submit(stepsHere))
  return [mine as readonly Step[], theirs.filter(({ at }) => at > from && at < to)]
}

/** The first times warm up, and now and again something else happens on the way. */
async function shortestOf(go: Journey['go']): Promise<Ways> {
  const tries: Ways[] = []
  while (tries.length < 10) tries.push((await go()).map(wayOf))
  return tries.reduce((shortest, ways) => (movesOf(ways) < movesOf(shortest) ? ways : shortest))
}

/** The files in the order in which they are entered, each as often as it is come back to. */
function wayOf(steps: readonly Step[]): readonly string[] {
  const files = steps.map(({ file }) => file)
  return files.filter((file, index) => file !== files[index - 1])
}

/** From one thread to the other is one as well. */
function movesOf(ways: Ways): number {
  return ways.flat().length - 1
}

try {
  for (const { name, files, moves, go } of journeys) {
    const ways = await shortestOf(go)
    const entered = new Set(ways.flat()).size
    const moved = movesOf(ways)
    console.log(`${name}: ${entered} files of ${files}, ${moved} moves of ${moves}`)
    if (process.argv.includes('-v')) for (const way of ways) console.log(`    ${way.join(' ')}`)
    if (entered > files || moved > moves) process.exitCode = 1
  }
} finally {
  await Promise.all([manager.close(), worker.close(), runner.close()])
  await rm(folder, { recursive: true })
}
