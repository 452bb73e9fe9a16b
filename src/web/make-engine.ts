import type { Scheduler } from '../scheduler/scheduler.ts'
import type { Engine } from '../worker/engine/engine.ts'
import { LoopEngine } from '../worker/engine/loop-engine.ts'
import type { WorkerSettings } from '../worker/worker-settings.ts'

/** In place of `src/worker/make-engine.ts`: the modes that browsers and edge runtimes have. */
export function makeEngine({ mode }: WorkerSettings, scheduler: Scheduler): Engine {
  if (mode === 'sync' || mode === 'async') return new LoopEngine(mode === 'sync', () => scheduler.counts.running)
  throw new TypeError(
    `the mode '${mode}' needs Node, Bun or Deno: in browsers and on edge runtimes there are the modes 'sync' and 'async'`,
  )
}
