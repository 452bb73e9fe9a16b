import { stat } from 'node:fs/promises'
import { HELP, parseArguments, UsageError } from './arguments.ts'
import { projectFolder, returnToCaller } from './caller.ts'
import { hashFolder } from './hash-folder.ts'
import { Results } from './results.ts'
import { reason, shown } from './text.ts'

async function requireFolder(folder: Buffer): Promise<void> {
  const stats = await stat(folder).catch(error => {
    throw new UsageError(`folder "${shown(folder)}": ${reason(error)}`)
  })
  if (!stats.isDirectory()) throw new UsageError(`folder "${shown(folder)}": not a folder`)
}

async function main(argv: readonly string[]): Promise<number> {
  const { folder: given, help, ...options } = parseArguments(argv)
  if (help) {
    process.stdout.write(HELP)
    return 0
  }
  returnToCaller()
  const folder = Buffer.from(given ?? projectFolder())
  await requireFolder(folder)
  return hashFolder(folder, options, results)
}

const results = new Results(process.stdout)

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
