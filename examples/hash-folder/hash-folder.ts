import type { TaskFunction } from '../../src/worker.ts'
import { checksumLine } from './checksum-line.ts'
import { count } from './count.ts'
import type { FileToHash, HashedFile } from './hash-file.ts'
import { onInterrupt } from './interrupt.ts'
import { ownOutput } from './own-output.ts'
import { showProgress } from './progress.ts'
import type { Results } from './results.ts'
import { summary } from './summary.ts'
import { Tally } from './tally.ts'
import { plural } from './text.ts'
import { walk } from './walk.ts'

export interface HashFolderOptions<F extends HashedFile> {
  /** Hashes one file, wherever that is; closed at the end. */
  readonly hash: TaskFunction<[FileToHash], Promise<F | undefined>>
  /** How many files it hashes at a time. */
  readonly jobs: number
  /** Milliseconds that it gives running files after Ctrl-C. */
  readonly closeTimeout: number
  /** Told of each file that was hashed. */
  readonly onHashed?: (file: F) => void
}

/** How many results may wait for a slow file ahead of them, so that it does not hold up the others. */
const RESULTS_AHEAD = 1024

/** Hashes every file under the folder and sends out the results in order; returns the exit code. */
export async function hashFolder<F extends HashedFile>(
  folder: Buffer,
  options: HashFolderOptions<F>,
  results: Results,
): Promise<number> {
  const { hash, jobs, closeTimeout, onHashed } = options
  const tally = new Tally()
  const stopping = new AbortController()
  const counting = new AbortController()
  let interrupted: number | undefined

  const progress = await showProgress(tally)
  const stopListening = onInterrupt(exitCode => {
    interrupted = exitCode
    const running = plural(hash.stats().running, 'running file')
    const time = closeTimeout > 0 ? `may take another ${closeTimeout} ms` : 'will be stopped'
    process.stderr.write(`interrupted: ${running} ${time}, Ctrl-C again exits at once\n`)
    stopping.abort()
    hash.stop()
    results.interrupt(closeTimeout)
  })
  const counted = count(folder, tally, counting.signal)
  hash.on('progress', ({ record: { progress: read } }) => {
    tally.reading(read?.message ?? '', read?.completed ?? 0)
    progress.changed()
  })

  /** The paths of the files whose results are still to come, in their order. */
  const ahead: Buffer[] = []
  async function* files(): AsyncGenerator<FileToHash> {
    const except = ownOutput()
    for await (const path of walk(folder, tally, stopping.signal)) {
      ahead.push(path)
      yield { path: path.toString('latin1'), except }
    }
  }

  try {
    const outcomes = hash.map(files(), { buffer: Math.max(RESULTS_AHEAD, jobs), onError: 'collect' })
    for await (const outcome of outcomes) {
      if (results.abandoned) break
      const path = ahead.shift() as Buffer
      const file = tally.book(path, outcome)
      progress.changed()
      if (file === undefined) continue
      onHashed?.(file)
      await results.send(checksumLine(file.hash, path))
    }
    tally.countComplete ||= interrupted === undefined
    await results.flushed()
  } finally {
    counting.abort()
    await Promise.all([counted, hash.close()])
    stopListening()
    progress.stop()
  }
  process.stderr.write(summary(tally, interrupted !== undefined))
  return interrupted ?? (tally.failures.length > 0 ? 1 : 0)
}
