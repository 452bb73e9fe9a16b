import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const ENTRIES = ['worker', 'index', 'bullmq', 'sqlite', 'testing'].map(name => `../src/${name}.ts`)
const FUNCTIONS = [
  'bullmq/functions',
  'worker-functions',
  'worker/inside',
  'worker/mode-functions',
  'worker/setup',
].map(name => `./fixtures/${name}.ts`)
const MODULES = [...ENTRIES, ...FUNCTIONS].map(path => new URL(path, import.meta.url))
/** They do something as soon as they are loaded, and many are killed before Node writes what it has of them. */
const PROGRAMS = globSync(['test/fixtures/**/*.ts', 'examples/*/*.ts', 'src/{*,cli/main,compat/*}.ts'], { cwd: ROOT })

/**
 * Loads what most tests load, in a worker of each kind as well, and has the rest compiled but not run: it comes after a
 * module that throws. One that has a syntax error on purpose is left out.
 */
const LOAD = `
const [worker] = await Promise.all(${JSON.stringify(MODULES)}.map(url => import(url)))
for (const mode of ['thread', 'process']) {
  const made = await worker.TaskWorker.start({ mode, maxWorkers: 1 })
  await made.submit(function* () {})
  await made.close()
}
await Promise.all(
  ${JSON.stringify(PROGRAMS.map(path => pathToFileURL(join(ROOT, path))))}.map(url => {
    const code = 'import "data:text/javascript,throw 0"; import ' + JSON.stringify(url)
    return import('data:text/javascript,' + encodeURIComponent(code)).catch(() => {})
  }),
)
`

/**
 * Once per run, before the tests: with an empty cache every thread that ends writes all that it has loaded into the same
 * folder, and with dozens of them at once that takes longer than any test waits; and each loads what strips types. Node
 * keeps a cache for each set of V8's flags: the threads that tests start have those of their process, the processes have
 * none.
 */
export default async function fillCompileCache({ config }: TestProject): Promise<void> {
  const env = { ...process.env, ...config.env }
  const filling = [[], config.execArgv].map(flags =>
    promisify(execFile)(process.execPath, [...flags, '--input-type=module', '--eval', LOAD], { env }),
  )
  await Promise.all(filling)
}
