import { readFileSync } from 'node:fs'

/**
 * Ends a process and its children as a power cut would: all of them with SIGKILL, none with a chance to notice that
 * another one is gone, and to tell its clients.
 */
export function killAtOnce(pid: number): void {
  // Stopped, it starts no child that would be missed.
  process.kill(pid, 'SIGSTOP')
  for (const victim of [...childrenOf(pid), pid]) process.kill(victim, 'SIGKILL')
}

/** None where the system has no such list: there they notice by themselves that their parent is gone. */
function childrenOf(pid: number): number[] {
  try {
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return list.split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
