import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { startBackgroundTimer } from '../base/clock.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** Milliseconds. npm passes on the Ctrl-C that the terminal has already sent to both: one key press arrives twice. */
const SAME_KEY_PRESS = 200

/**
 * Until `serving` is called, a signal exits at once. The first one after that stops, and the next one exits at once: with
 * 130 or 143, as a shell says of one that a signal has ended. That the runner of scripts has ended which has started this
 * counts as a first SIGTERM, and never as a second signal.
 */
export class StopSignals {
  readonly #patience: number
  #stop: (() => void) | undefined
  #stoppedAt: number | undefined

  constructor(env: NodeJS.ProcessEnv) {
    this.#patience = env.npm_command === undefined ? 0 : SAME_KEY_PRESS
    // By itself a process with the number 1, as in a container, would not even end.
    for (const signal of SIGNALS) process.on(signal, () => this.#heard(signal))
    watchScriptRunner(env, () => {
      if (this.#stoppedAt === undefined) this.#heard('SIGTERM')
    })
  }

  /** Resolves at the first signal. */
  serving(): Promise<void> {
    return new Promise(resolve => {
      this.#stop = resolve
    })
  }

  #heard(signal: (typeof SIGNALS)[number]): void {
    const at = performance.now()
    if (this.#stop !== undefined && this.#stoppedAt === undefined) {
      this.#stoppedAt = at
      this.#stop()
    } else if (this.#stoppedAt === undefined || at - this.#stoppedAt >= this.#patience) {
      process.exit(128 + constants.signals[signal])
    }
  }
}

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
