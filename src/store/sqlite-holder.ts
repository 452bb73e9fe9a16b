import { readFileSync, statSync } from 'node:fs'

/** Who keeps a file locked, as messages call them; by its number where the system tells it, as Linux does. */
export function holderOf(path: string): string {
  const pid = pidOfHolder(path)
  if (pid === undefined) return 'another runner, of this process or another,'
  return pid === process.pid ? 'another runner of this process' : `another process (${pid})`
}

function pidOfHolder(path: string): number | undefined {
  try {
    const { ino } = statSync(path)
    // … WRITE 4711 fe:00:1466425 1073741824 1073742335: who, the file, and the bytes that SQLite locks.
    const lock = new RegExp(` (\\d+) \\w+:\\w+:${ino} 107374\\d{4} `).exec(readFileSync('/proc/locks', 'utf8'))
    return lock?.[1] === undefined ? undefined : Number(lock[1])
  } catch {
    return undefined
  }
}
