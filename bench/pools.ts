import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import Tinypool from 'tinypool'
import workerpool from 'workerpool'
import { task, transfer } from './taskscope.ts'
import * as functions from './worker-functions.mjs'

const module = new URL('./worker-functions.mjs', import.meta.url).href
const filename = fileURLToPath(module)
const script = fileURLToPath(new URL('./workerpool-script.mjs', import.meta.url))

type Name = 'echo' | 'length' | 'fibonacci'

/** A pool of one of the libraries, all with the same calls. */
export interface Pool {
  readonly name: string
  call(fn: Name, value: unknown): PromiseLike<unknown>
  /** The bytes are moved, not copied. */
  move(fn: Name, bytes: Uint8Array<ArrayBuffer>): PromiseLike<unknown>
  stop(): PromiseLike<unknown>
}

export type Runtime = 'thread' | 'process'
export type MakePool = (workers: number, runtime: Runtime) => Pool

export const taskscope: MakePool = (workers, mode) => {
  const options = { mode, module, maxWorkers: workers }
  const tasks = {
    echo: task(functions.echo, options),
    length: task(functions.length, options),
    fibonacci: task(functions.fibonacci, options),
  }
  return {
    name: 'taskscope',
    call: (fn, value) => tasks[fn](value as never),
    move: (fn, bytes) => tasks[fn](transfer(bytes, [bytes.buffer]) as never),
    stop: () => Promise.all(Object.values(tasks).map(one => one.stop())),
  }
}

export const piscina: MakePool = workers => {
  const pool = new Piscina({ filename, minThreads: workers, maxThreads: workers })
  return {
    name: 'piscina',
    call: (name, value) => pool.run(value, { name }),
    move: (name, bytes) => pool.run(bytes, { name, transferList: [bytes.buffer] }),
    stop: () => pool.destroy(),
  }
}

export const tinypool: MakePool = (workers, runtime) => {
  const pool = new Tinypool({
    filename,
    minThreads: workers,
    maxThreads: workers,
    runtime: runtime === 'thread' ? 'worker_threads' : 'child_process',
  })
  return {
    name: 'tinypool',
    call: (name, value) => pool.run(value, { name }),
    move: (name, bytes) => pool.run(bytes, { name, transferList: [bytes.buffer] }),
    stop: () => pool.destroy(),
  }
}

export const workerPool: MakePool = (workers, workerType) => {
  const pool = workerpool.pool(script, { minWorkers: workers, maxWorkers: workers, workerType })
  return {
    name: 'workerpool',
    call: (name, value) => pool.exec(name, [value]),
    move: (name, bytes) => pool.exec(name, [bytes], { transfer: [bytes.buffer] }),
    stop: async () => pool.terminate(),
  }
}
