import { task } from '../../src/worker.ts'
import { HELP, parseArguments, UsageError } from './arguments.ts'
import { projectFolder, returnToCaller } from './caller.ts'
import { hashFile } from './hash-file.ts'
import { hashFolder } from './hash-folder.ts'
import { requireFolder } from './require-folder.ts'
import { Results } from './results.ts'

/** Threads and processes import it, and nothing else of this program. */
const MODULE = new URL('./hash-file.ts', import.meta.url)

async function main(argv: readonly string[]): Promise<number> {
  const { folder: given, help, mode, jobs, closeTimeout } = parseArguments(argv)
  if (help) {
    process.stdout.write(HELP)
    return 0
  }
  returnToCaller()
  const folder = Buffer.from(given ?? projectFolder())
  await requireFolder(folder)
  const hash = task(hashFile, { mode, maxWorkers: jobs, closeTimeout, module: MODULE })
  return hashFolder(folder, { hash, jobs, closeTimeout }, results)
}

const results = new Results(process.stdout, 'hash-folder')

/** With nobody to read the progress, the hashes are still worth having. */
process.stderr.on('error', () => {})

try {
  process.exitCode = await main(process.argv.slice(2))
  if (results.abandoned) process.exit()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`hash-folder: ${error.message} (--help says more)\n`)
  process.exitCode = 2
}
