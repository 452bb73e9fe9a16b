import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Transferable, Worker } from 'node:worker_threads'
import { type PlainThrown, revivedThrown } from '../../../src/serialize/thrown.ts'
import { packValue, unpackValue } from '../../../src/worker/functions/carry.ts'
import { carryFailure } from '../../../src/worker/functions/carry-failure.ts'
import { errorClasses } from '../../../src/worker/functions/error-classes.ts'
import { workerEnvironment } from '../../../src/worker/functions/nesting.ts'
import type { FunctionReference } from '../../../src/worker/functions/refer-to.ts'

const ENTRY = new URL('../../fixtures/worker/entry.ts', import.meta.url)

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly thrown?: PlainThrown
}

/** A real thread or process with the least around the functions under test. */
export class TestWorker {
  readonly #kind: 'thread' | 'process'
  readonly #worker: Worker | ChildProcess
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>()
  #ids = 0

  constructor(kind: 'thread' | 'process' = 'thread', entry = ENTRY, flags: readonly string[] = []) {
    this.#kind = kind
    const env = { ...process.env, ...workerEnvironment() }
    const execArgv = ['--disable-warning=ExperimentalWarning', ...flags]
    this.#worker =
      kind === 'thread'
        ? new Worker(entry, { env, execArgv })
        : fork(fileURLToPath(entry), { env, execArgv, serialization: 'advanced' })
    this.#worker.on('message', answer => this.#settle(answer as Answer))
    this.#worker.on('error', error => this.#fail(error))
    this.#worker.on('exit', code => this.#fail(new Error(`the worker ended with ${code}`)))
  }

  /** Calls the function there. */
  call(reference: FunctionReference, ...args: readonly unknown[]): Promise<unknown> {
    const id = (this.#ids += 1)
    try {
      const { data, transfer } = packValue(args, this.#kind)
      this.#post({ id, reference, data }, transfer)
    } catch (cause) {
      throw carryFailure(args, cause, { of: 'arguments', name: reference.name, to: this.#kind })
    }
    const call = Promise.withResolvers<unknown>()
    this.#calls.set(id, call)
    return call.promise
  }

  async stop(): Promise<void> {
    const worker = this.#worker
    if (worker instanceof Worker) {
      await worker.terminate()
    } else {
      const exited = once(worker, 'exit')
      worker.kill('SIGKILL')
      await exited
    }
  }

  #post(message: object, transfer: readonly Transferable[]): void {
    if (this.#worker instanceof Worker) this.#worker.postMessage(message, transfer)
    else this.#worker.send(message)
  }

  #settle({ id, result, thrown }: Answer): void {
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    if (thrown === undefined) call?.resolve(unpackValue(result))
    else call?.reject(revivedThrown(thrown, errorClasses()))
  }

  #fail(error: Error): void {
    for (const call of this.#calls.values()) call.reject(error)
    this.#calls.clear()
  }
}
