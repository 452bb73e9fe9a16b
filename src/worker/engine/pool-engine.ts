import { SerializationError } from '../../base/errors.ts'
import { AttemptContext } from '../../task/context/context.ts'
import type { TaskContext } from '../../task/types.ts'
import { packValue } from '../functions/carry.ts'
import { carryFailure } from '../functions/carry-failure.ts'
import { assertMayStartWorker } from '../functions/nesting.ts'
import { type FunctionReference, type ReferenceOptions, referTo } from '../functions/refer-to.ts'
import type { AnyFunction } from '../functions/registry.ts'
import { copyFor } from '../functions/uncarriable.ts'
import type { WorkerPool } from '../pool/worker-pool.ts'
import type { Engine, PreparedCall } from './engine.ts'
import { LimitsServer, refuseRequest } from './limits-server.ts'

/** How calls are made in a pool. */
export interface PoolCalls extends Pick<ReferenceOptions, 'module'> {
  /** Milliseconds a call gets to end by itself before its worker is ended. */
  readonly cleanupTimeout: number
}

/** Runs calls in a pool of workers: the modes thread and process. */
export class PoolEngine implements Engine {
  readonly immediate = false
  readonly carry: (message: unknown) => unknown
  readonly #pool: WorkerPool
  readonly #calls: PoolCalls
  /** Most functions are called more than once, and always by the same name. */
  readonly #prepared = new WeakMap<AnyFunction, { readonly name: string | undefined; readonly call: PreparedCall }>()

  constructor(kind: 'thread' | 'process', pool: WorkerPool, calls: PoolCalls) {
    this.carry = message => carryMessage(message, kind)
    this.#pool = pool
    this.#calls = calls
  }

  prepare(fn: AnyFunction, name?: string): PreparedCall {
    const before = this.#prepared.get(fn)
    if (before !== undefined && before.name === name) return before.call
    assertMayStartWorker()
    const { cleanupTimeout, ...where } = this.#calls
    const reference = referTo(fn, name === undefined ? where : { ...where, name })
    const call = this.#callOf(reference, cleanupTimeout)
    this.#prepared.set(fn, { name, call })
    return call
  }

  #callOf(reference: FunctionReference, cleanupTimeout: number): PreparedCall {
    return (args, task: TaskContext, _self, sink) => {
      const { id, name, attempt, signal, progress } = task
      const origin = AttemptContext.carrierOf(task)
      // The start of a worker, in place of one that another call had ended, say, is not this call's time.
      const onDispatch = AttemptContext.postpone(task)
      const about = { id, name, attempt, origin, stream: sink !== undefined }
      const call = { function: reference, args, task: about }
      const options = { signal, cleanupTimeout, onProgress: progress, onDispatch, task, sink, onRequest: refuseRequest }
      if (!AttemptContext.isLimited(task)) return this.#pool.call(call, options)
      const server = new LimitsServer(task)
      return this.#pool
        .call(
          { ...call, task: { ...about, limited: true, member: task.permit.member } },
          { ...options, onRequest: server.answer },
        )
        .finally(() => server.close())
    }
  }

  stats() {
    return this.#pool.stats()
  }

  workers() {
    return this.#pool.workers()
  }

  stop(): Promise<void> {
    return this.#pool.stop()
  }
}

/**
 * A message to a call, copied for the way to its worker: it is refused now, though it may have to wait. Throws
 * `SerializationError`, also for what would have to be moved there.
 */
function carryMessage(message: unknown, to: 'thread' | 'process'): unknown {
  let moved = 0
  try {
    const { data, transfer } = packValue(message, to)
    moved = transfer.length
    if (moved === 0) return copyFor(to, data)
  } catch (error) {
    throw carryFailure([message], error, { of: 'arguments', name: 'send', to })
  }
  throw new SerializationError(
    'a message to a call is copied, and transfer() can move nothing with it: pass it as an argument',
  )
}
