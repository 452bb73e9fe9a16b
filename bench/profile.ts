import { Session } from 'node:inspector/promises'
import { basename } from 'node:path'
import type { Row } from './types.ts'

/** Whether the run is to show where our time goes, instead of how much it is. */
export const profiling = process.env.BENCH_PROFILE !== undefined

/** Microseconds between two samples. */
const INTERVAL = 100
const MOST_ROWS = 15

/** Where the time of `run` goes: per cent of it by function, without what that calls; the most expensive ones. */
export async function profile(run: () => Promise<unknown>): Promise<Row[]> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL })
  await session.post('Profiler.start')
  await run()
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  const { nodes, samples = [], timeDeltas = [] } = profile
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame.functionName, callFrame.url)]))
  const times = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '?'
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0))
  }
  // What starts and stops the profiler.
  times.delete('post node:inspector')
  const whole = times.values().reduce((sum, time) => sum + time, 0)
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_ROWS)
    .map(([label, time]) => ({ label, value: (100 * time) / whole, unit: '% of the time' }))
}

function nameOf(name: string, url: string): string {
  return [name || '(anonymous)', url.startsWith('node:') ? url : basename(url)].join(' ').trimEnd()
}
