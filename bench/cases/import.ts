import { spawnSync } from 'node:child_process'
import { median } from '../statistics.ts'
import type { CaseResult } from '../types.ts'

const core = new URL('../../dist/index.js', import.meta.url)
const worker = new URL('../../dist/worker.js', import.meta.url)

export default async function importCost(rounds: number): Promise<CaseResult> {
  const times = {
    empty: [] as number[],
    effection: [] as number[],
    core: [] as number[],
    ours: [] as number[],
    worker: [] as number[],
  }
  for (let round = 0; round <= rounds * 2; round++) {
    const figures = {
      empty: processTime(''),
      effection: processTime("import 'effection'"),
      core: processTime(`import ${JSON.stringify(core.href)}`),
      worker: processTime(`import ${JSON.stringify(worker.href)}`),
    }
    if (round === 0) continue
    times.empty.push(figures.empty)
    times.effection.push(figures.effection - figures.empty)
    times.core.push(figures.core - figures.empty)
    times.ours.push(figures.core - figures.effection)
    times.worker.push(figures.worker - figures.core)
  }
  return {
    title: 'import cost, above an empty process',
    rows: [
      { label: 'empty process', value: median(times.empty), unit: 'ms' },
      { label: 'effection alone', value: median(times.effection), unit: 'ms' },
      { label: 'taskscope above effection', value: median(times.ours), unit: 'ms', goal: 5 },
      { label: 'taskscope, effection included', value: median(times.core), unit: 'ms' },
      { label: 'taskscope/worker above taskscope', value: median(times.worker), unit: 'ms' },
    ],
  }
}

function processTime(source: string): number {
  const start = performance.now()
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', source])
  if (status !== 0) throw new Error(`${source} failed: ${stderr}`)
  return performance.now() - start
}
