import type { Tally } from './tally.ts'
import { plural, reason, shown, size, speed } from './text.ts'

/** What is said at the end of a run: each failure with its reason, in the order of the paths, and one line of numbers. */
export function summary(tally: Tally, interrupted: boolean): string {
  const { failures, hashed, bytes, notHashed, elapsed } = tally
  const numbers = [
    plural(hashed, 'file'),
    `${plural(bytes, 'byte')}${bytes < 1000 ? '' : ` (${size(bytes)})`}`,
    `${(elapsed / 1000).toFixed(2)} s`,
    speed(bytes, elapsed),
    plural(failures.length, 'failure'),
    ...(notHashed > 0 ? [`${notHashed} skipped (links to folders, special files or this output)`] : []),
  ]
  const failed = failures
    .toSorted((a, b) => Buffer.compare(a.path, b.path))
    .map(({ path, error }) => `failed: ${shown(path)}: ${reason(error)}\n`)
  return `${failed.join('')}${interrupted ? leftOver(tally) : ''}summary: ${numbers.join(', ')}\n`
}

function leftOver({ left, countComplete }: Tally): string {
  return `interrupted: ${countComplete ? '' : 'at least '}${plural(left, 'file')} left\n`
}
