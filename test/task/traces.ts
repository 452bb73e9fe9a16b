import { AsyncLocalStorage } from 'node:async_hooks'
import { type ChannelListener, channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'
import type { RunTrace } from '../../src/task/run-trace.ts'

const PHASES = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'] as const
type Phase = (typeof PHASES)[number]

const name = (phase: Phase) => `tracing:taskscope:task:${phase}`
/** How to end every subscription of the running test; at its end all are. */
export const undo: (() => void)[] = []

function endWithTest(end: () => void): void {
  if (undo.push(end) > 1) return
  onTestFinished(() => {
    for (const one of undo.splice(0)) one()
  })
}

/** Subscribes to one phase; gives the function that ends it. */
export function on(phase: Phase, listener: (trace: RunTrace) => void): () => void {
  const subscriber = listener as ChannelListener
  subscribe(name(phase), subscriber)
  const off = () => void unsubscribe(name(phase), subscriber)
  endWithTest(off)
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
  endWithTest(() => void channel(name('start')).unbindStore(store))
  return store
}
