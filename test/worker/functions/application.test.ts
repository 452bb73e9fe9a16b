import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'tsup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('../../fixtures/worker/application/main.ts', import.meta.url))
const HOST = fileURLToPath(new URL('../../../src/worker/child', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskscope-'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
})
afterAll(() => rm(folder, { recursive: true }))

/** What threads and processes run has to lie beside the bundle that starts them. */
async function bundle(splitting: boolean): Promise<string> {
  const outDir = join(folder, splitting ? 'split' : 'single')
  const entries = ['process-entry', 'thread-entry'].map(name => [name, join(HOST, `${name}.ts`)])
  await build({
    entry: { main: MAIN, ...Object.fromEntries(entries) },
    outDir,
    splitting,
    format: 'esm',
    target: 'es2023',
    platform: 'node',
    removeNodeProtocol: false,
    noExternal: [/./],
    config: false,
    silent: true,
    outExtension: () => ({ js: '.mjs' }),
  })
  return join(outDir, 'main.mjs')
}

describe.each([
  ['in which each entry has its own copy of the library', false],
  ['in which they share it', true],
])('an application in a bundle %s', (_, splitting) => {
  let main: string
  beforeAll(async () => {
    main = await bundle(splitting)
  })

  it.each([
    ['async', 'here'],
    ['thread', 'elsewhere'],
    ['process', 'elsewhere'],
  ])('runs its tasks in the mode %s', async (mode, place) => {
    const { stdout } = await promisify(execFile)(process.execPath, [main, mode])
    expect(stdout).toBe(`25\n5 m² by area\n[ 1, 4, 9 ]\n${place}\n`)
  })
})
