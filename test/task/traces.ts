import { AsyncLocalStorage } from 'node:async_hooks'
import { type ChannelListener, channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach } from 'vitest'
import type { RunTrace } from '../../src/task/run-trace.ts'

const PHASES = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'] as const
type Phase = (typeof PHASES)[number]

const name = (phase: Phase) => `tracing:taskscope:task:${phase}`
/** How to end every subscription; after each test all are. */
export const undo: (() => void)[] = []

afterEach(() => {
  for (const end of undo.splice(0)) end()
})

/** Subscribes to one phase; gives the function that ends it. */
export function on(phase: Phase, listener: (trace: RunTrace) => void): () => void {
  const subscriber = listener as ChannelListener
  subscribe(name(phase), subscriber)
  const off = () => void unsubscribe(name(phase), subscriber)
  undo.push(off)
  return off
}

/** Everything that is published, as `phase id/attempt`, and what comes with it. */
export function trace(): { readonly log: string[]; readonly traces: RunTrace[] } {
  const log: string[] = []
  const traces: RunTrace[] = []
  for (const phase of PHASES) {
    on(phase, one => {
      log.push(`${phase} ${one.id}/${one.attempt}`)
      traces.push(one)
    })
  }
  return { log, traces }
}

/** A store that is bound to the run of an attempt, by default with `span` and the number of the task. */
export function bind(value = ({ id }: RunTrace) => `span ${id}`): AsyncLocalStorage<string> {
  const store = new AsyncLocalStorage<string>()
  channel(name('start')).bindStore(store, message => value(message as RunTrace))
  undo.push(() => void channel(name('start')).unbindStore(store))
  return store
}
