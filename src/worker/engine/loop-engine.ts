import { pump } from '../../streams/pump.ts'
import type { AnyFunction } from '../functions/registry.ts'
import type { Engine, PreparedCall } from './engine.ts'

/** Runs calls on this event loop: the modes sync and async. */
export class LoopEngine implements Engine {
  readonly immediate: boolean
  readonly #running: () => number
  #dispatched = 0

  constructor(immediate: boolean, running: () => number) {
    this.immediate = immediate
    this.#running = running
  }

  prepare(fn: AnyFunction): PreparedCall {
    return (args, task, self, sink) => {
      this.#dispatched += 1
      const returned: unknown = Reflect.apply(fn, self, args)
      return sink === undefined ? returned : pump(returned, sink, task.signal)
    }
  }

  stats() {
    return { workers: 1, active: this.#running(), dispatched: this.#dispatched, crashed: 0, recycled: 0 }
  }

  async stop(): Promise<void> {}
}
