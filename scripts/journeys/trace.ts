/** Loaded before `src` in each thread: has every function there say when it is entered. */
import { registerHooks } from 'node:module'
import { instrument } from './instrument.ts'

/** A function was entered: its file, from `src`, and when, on a clock that the threads of a process share. */
export interface Step {
  readonly file: string
  readonly at: number
}

const SRC = new URL('../../src/', import.meta.url).href
const ENTER = '__enter'

let steps: Step[] = []

Object.defineProperty(globalThis, ENTER, { value: (file: string) => steps.push({ file, at: time() }) })

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    if (!url.startsWith(SRC) || loaded.source == null) return loaded
    const file = url.slice(SRC.length)
    return { ...loaded, source: instrument(String(loaded.source), `${ENTER}(${JSON.stringify(file)})`) }
  },
})

export function time(): number {
  return performance.timeOrigin + performance.now()
}

/** The steps of this thread since the last call, in their order. */
export function takeSteps(): readonly Step[] {
  const taken = steps
  steps = []
  return taken
}
