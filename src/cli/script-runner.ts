import { readFileSync } from 'node:fs'
import { startBackgroundTimer } from '../base/clock.ts'

/** Milliseconds between two looks. */
const LOOK = 500
/** A shell that runs one command line. */
const SHELL = /^(?:.*\/)?(?:sh|ash|bash|dash|ksh|zsh)\0-\w*c\0/s

/**
 * Calls `ended` once when the runner of scripts has ended that has started this process: npm, npx and the like, or
 * `node --run`. A signal ends that, or the shell between, and nothing tells this process. Any other parent may have left it on
 * purpose, as may one that made it the leader of a group of processes: nothing is watched then.
 */
export function watchScriptRunner(env: NodeJS.ProcessEnv, ended: () => void): void {
  if (env.npm_lifecycle_event === undefined && env.NODE_RUN_SCRIPT_NAME === undefined) return
  if (statusOf('self')?.group === process.pid) return
  const parent = process.ppid
  const runner = SHELL.test(read(`/proc/${parent}/cmdline`)) ? statusOf(parent)?.parent : undefined
  const isThere = () => process.ppid === parent && (runner === undefined || statusOf(parent)?.parent === runner)
  const watch = () => void startBackgroundTimer(LOOK, () => (isThere() ? watch() : ended()))
  watch()
}

/** Of a process, where the system has files that say so. */
function statusOf(pid: number | 'self'): { readonly parent: number; readonly group: number } | undefined {
  // Its name comes before, in parentheses, and may be anything.
  const [, parent, group] = /^.*\) \S (\d+) (\d+) /s.exec(read(`/proc/${pid}/stat`)) ?? []
  return parent === undefined ? undefined : { parent: Number(parent), group: Number(group) }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
