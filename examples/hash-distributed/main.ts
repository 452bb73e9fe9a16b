import { task } from '../../src/worker.ts'
import { UsageError } from '../hash-folder/arguments.ts'
import { projectFolder, returnToCaller } from '../hash-folder/caller.ts'
import { hashFolder } from '../hash-folder/hash-folder.ts'
import { onInterrupt } from '../hash-folder/interrupt.ts'
import { requireFolder } from '../hash-folder/require-folder.ts'
import { Results } from '../hash-folder/results.ts'
import { type Arguments, HELP, parseArguments } from './arguments.ts'
import { Shares } from './shares.ts'
import { hashHere } from './tasks.ts'
import { WorkerProcess } from './worker-process.ts'

const WORKERS = 2

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseArguments(argv, process.env)
  if (parsed.help) {
    process.stdout.write(HELP)
    return 0
  }
  returnToCaller()
  const folder = Buffer.from(parsed.folder ?? projectFolder())
  await requireFolder(folder)
  const workers = await startWorkers(parsed)
  if (workers === undefined) return 1
  const shares = new Shares()
  const exitCode = await hashOn(workers, folder, parsed, shares)
  await interruptible(() => Promise.all(workers.map(worker => worker.stop())))
  process.stderr.write(shares.report())
  return exitCode
}

async function startWorkers(options: Arguments): Promise<readonly WorkerProcess[] | undefined> {
  try {
    return await interruptible(() => Promise.all(Array.from({ length: WORKERS }, () => WorkerProcess.start(options))))
  } catch (error) {
    process.stderr.write(`hash-distributed: ${(error as Error).message} (--help says how to name a server)\n`)
    return undefined
  }
}

async function hashOn(
  workers: readonly WorkerProcess[],
  folder: Buffer,
  { connection, queue, jobs: jobsEach }: Arguments,
  shares: Shares,
): Promise<number> {
  Promise.all(workers.map(worker => worker.lost())).then(() => {
    process.stderr.write('hash-distributed: no worker is left\n')
    process.exit(1)
  })
  // As many again wait in the queue, so that no worker ever waits for the next one.
  const jobs = 2 * WORKERS * jobsEach
  const closeTimeout = 0
  const hash = task(hashHere, { mode: 'distributed', connection, queue, maxWorkers: jobs, closeTimeout })
  return hashFolder(folder, { hash, jobs, closeTimeout, onHashed: file => shares.add(file) }, results)
}

/** While nothing is being hashed, Ctrl-C has nothing to wait for. */
async function interruptible<T>(work: () => Promise<T>): Promise<T> {
  const stopListening = onInterrupt(exitCode => process.exit(exitCode))
  try {
    return await work()
  } finally {
    stopListening()
  }
}

const results = new Results(process.stdout, 'hash-distributed')

/** With nobody to read the progress, the hashes are still worth having. */
process.stderr.on('error', () => {})

try {
  process.exitCode = await main(process.argv.slice(2))
  process.exit()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`hash-distributed: ${error.message} (--help says more)\n`)
  process.exitCode = 2
}
