import type { Worker, WorkerOptions } from 'node:worker_threads'
import { WorkerCrashedError } from '../base/errors.ts'
import { bare } from '../base/options.ts'
import { type HashInput, sha256 } from './sha256.ts'

type Answer = { readonly hash: string } | { readonly error: object; readonly fields: object }

interface Call extends Pick<PromiseWithResolvers<string>, 'resolve' | 'reject'> {
  readonly signal: AbortSignal
}

/** Structured clone loses the fields of an error, such as `code`. */
const SCRIPT = `'use strict'
const { parentPort } = process.getBuiltinModule('node:worker_threads')
const sha256 = ${sha256}
parentPort.on('message', input => {
  try {
    parentPort.postMessage({ hash: sha256(input) })
  } catch (error) {
    parentPort.postMessage({ error, fields: { ...error } })
  }
})`

/** A thread that runs {@link sha256}. It keeps the process alive while it works. */
export class HashThread {
  readonly #worker: Worker
  readonly #exited: () => void
  #call: Call | undefined
  #error: unknown
  #ended = false

  /** @param exited hears of its end */
  constructor(exited: () => void) {
    // Asked for and not imported: the core has one door to Node, and bundlers leave this alone.
    const { Worker } = process.getBuiltinModule('node:worker_threads')
    this.#exited = exited
    this.#worker = new Worker(
      SCRIPT,
      bare<WorkerOptions>({ eval: true, name: 'taskscope hash', env: {}, execArgv: [] }),
    )
    this.#worker.on('message', (answer: Answer) => this.#answered(answer))
    this.#worker.on('error', error => {
      this.#error = error
    })
    this.#worker.on('exit', exitCode => this.#over(exitCode))
  }

  /** Whether it was told to end. */
  get ended(): boolean {
    return this.#ended
  }

  /** One at a time. Aborted it rejects once the thread has ended, which hears nothing while it works. */
  async hash(input: HashInput, signal: AbortSignal): Promise<string> {
    const end = () => this.end()
    signal.addEventListener('abort', end)
    this.#worker.ref()
    try {
      return await new Promise<string>((resolve, reject) => {
        this.#call = { resolve, reject, signal }
        this.#worker.postMessage(input)
      })
    } finally {
      this.#worker.unref()
      signal.removeEventListener('abort', end)
    }
  }

  end(): void {
    this.#ended = true
    void this.#worker.terminate()
  }

  #answered(answer: Answer): void {
    // Its end follows, and with it that of the call.
    if (this.#ended) return
    if ('hash' in answer) this.#call?.resolve(answer.hash)
    else this.#call?.reject(Object.assign(answer.error, answer.fields))
    this.#call = undefined
  }

  #over(exitCode: number): void {
    this.#ended = true
    this.#exited()
    const { signal, reject } = this.#call ?? {}
    if (signal?.aborted) return reject?.(signal.reason)
    const cause = this.#error === undefined ? {} : { cause: this.#error }
    reject?.(
      new WorkerCrashedError(
        `sha256 has no result: its thread ended with exit code ${exitCode}`,
        exitCode,
        null,
        cause,
      ),
    )
  }
}
