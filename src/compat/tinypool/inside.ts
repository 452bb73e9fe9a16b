import { EventEmitterAsyncResource } from 'node:events'
import { process } from '../../worker/node.ts'
import { kQueueOptions, kTransferable, kValue, move } from './movable.ts'
import type { Emitting, Transferable } from './types.ts'

/** The version of tinypool whose face this is. */
const VERSION = '2.2.0'

interface State {
  readonly isWorkerThread?: boolean
  readonly workerData?: unknown
  readonly workerId: number
}

const stateOf = () => (process as { __tinypool_state__?: State }).__tinypool_state__

/** Inside a worker its number, from 1 to `maxThreads`. */
export const workerId: number = stateOf()?.workerId as number

const Emitter = EventEmitterAsyncResource as unknown as new (options: { readonly name: string }) => Emitting

/** What the class says inside workers. */
export class InWorkers extends Emitter {
  /** Whether this is a worker of the runtime `worker_threads`. */
  static get isWorkerThread(): boolean {
    return stateOf()?.isWorkerThread ?? false
  }

  /** Inside a worker the `workerData` of its pool. */
  static get workerData(): unknown {
    return stateOf()?.workerData
  }

  /** That of the tinypool whose face this is. */
  static get version(): string {
    return VERSION
  }

  /**
   * Has a task or a result moved to the other side instead of copied: an `ArrayBuffer`, a view of one, a `MessagePort`, or
   * what says by `transferableSymbol` what is moved, and by `valueSymbol` what is sent.
   */
  static move<T>(value: T): T extends object ? Transferable : T {
    return move(value) as T extends object ? Transferable : T
  }

  static get transferableSymbol(): typeof kTransferable {
    return kTransferable
  }

  static get valueSymbol(): typeof kValue {
    return kValue
  }

  static get queueOptionsSymbol(): typeof kQueueOptions {
    return kQueueOptions
  }
}
