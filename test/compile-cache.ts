import { execFileSync } from 'node:child_process'
import type { TestProject } from 'vitest/node'

const ENTRIES = ['worker', 'index', 'bullmq', 'sqlite', 'testing'].map(name => `../src/${name}.ts`)
const FUNCTIONS = [
  'bullmq/functions',
  'worker-functions',
  'worker/inside',
  'worker/mode-functions',
  'worker/setup',
].map(name => `./fixtures/${name}.ts`)
const MODULES = [...ENTRIES, ...FUNCTIONS].map(path => new URL(path, import.meta.url))

/** Loads what most tests load, in a worker of each kind as well. */
const LOAD = `
const [worker] = await Promise.all(${JSON.stringify(MODULES)}.map(url => import(url)))
for (const mode of ['thread', 'process']) {
  const made = await worker.TaskWorker.start({ mode, maxWorkers: 1 })
  await made.submit(function* () {})
  await made.close()
}
`

/**
 * Once per run, before the tests: with an empty cache every thread that ends writes all that it has loaded into the same
 * folder, and with dozens of them at once that takes longer than any test waits; and each loads what strips types. Node keeps a cache for each set of V8's
 * flags: the threads that tests start have those of their process, the processes have none.
 */
export default function fillCompileCache({ config }: TestProject): void {
  for (const flags of [[], config.execArgv]) {
    execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', LOAD], {
      env: { ...process.env, ...config.env },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }
}
