import { TaskManager } from '../../src/index.ts'
import { checksumLine } from './checksum-line.ts'
import { count } from './count.ts'
import { hashTask } from './hash-task.ts'
import { onInterrupt } from './interrupt.ts'
import { showProgress } from './progress.ts'
import type { Results } from './results.ts'
import { summary } from './summary.ts'
import { Tally } from './tally.ts'
import { plural } from './text.ts'
import { walk } from './walk.ts'

export interface HashFolderOptions {
  /** How many files are hashed at a time. */
  readonly jobs: number
  /** Milliseconds that running files get after Ctrl-C. */
  readonly closeTimeout: number
}

/** How many results may wait for a slow file ahead of them, so that it does not hold up the others. */
const RESULTS_AHEAD = 1024

/** Hashes every file under the folder and sends out the results in order; returns the exit code. */
export async function hashFolder(folder: Buffer, options: HashFolderOptions, results: Results): Promise<number> {
  const { jobs, closeTimeout } = options
  const tally = new Tally()
  const stopping = new AbortController()
  const counting = new AbortController()
  let interrupted: number | undefined

  const manager = await TaskManager.start({ name: 'hash-folder', maxTasks: jobs, closeTimeout })
  const progress = await showProgress(tally)
  const stopListening = onInterrupt(exitCode => {
    interrupted = exitCode
    process.stderr.write(
      `interrupted: ${plural(manager.stats().running, 'running file')} may take another ${closeTimeout} ms, Ctrl-C again exits at once\n`,
    )
    stopping.abort()
    manager.close({ pending: 'cancel' })
    results.interrupt(closeTimeout)
  })
  const counted = count(folder, tally, counting.signal)
  const hash = hashTask(bytes => {
    tally.bytesRead += bytes
    progress.changed()
  })

  try {
    const files = manager.map(walk(folder, tally, stopping.signal), hash, {
      buffer: Math.max(RESULTS_AHEAD, jobs),
      onError: 'collect',
    })
    for await (const outcome of files) {
      if (results.abandoned) break
      const file = tally.book(outcome)
      progress.changed()
      if (file) await results.send(checksumLine(file.hash, file.path))
    }
    tally.countComplete ||= interrupted === undefined
    await results.flushed()
  } finally {
    counting.abort()
    await Promise.all([counted, manager.close()])
    stopListening()
    progress.stop()
  }
  process.stderr.write(summary(tally, interrupted !== undefined))
  return interrupted ?? (tally.failures.length > 0 ? 1 : 0)
}
