import { constants } from 'node:os'
import { watchScriptRunner } from './script-runner.ts'

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
