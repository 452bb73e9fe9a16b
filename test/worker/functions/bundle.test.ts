import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build, type Options } from 'tsup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../../fixtures/worker/program/main.ts', import.meta.url))
const ENTRY = fileURLToPath(new URL('../../fixtures/worker/entry.ts', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskscope-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Bundles the program, its own copy of this library included. */
async function bundle(name: string, options: Options): Promise<string> {
  const outDir = join(folder, name)
  await build({
    entry: { main: PROGRAM },
    outDir,
    format: 'esm',
    outExtension: () => ({ js: '.mjs' }),
    target: 'es2023',
    platform: 'node',
    config: false,
    silent: true,
    ...options,
  })
  return outDir
}

/** What the bundled program prints: its worker finds the functions in the bundle. */
async function run(outDir: string, kind: 'thread' | 'process'): Promise<string[]> {
  const args = ['--disable-warning=ExperimentalWarning', join(outDir, 'main.mjs'), kind, ENTRY]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return stdout.trimEnd().split('\n')
}

const FOUND = ['25', '5 m²']
const LAZY = expect.stringMatching(/^SerializationError: main\.mjs has no function named .*: split the bundle/)

describe('a bundle in a single file', () => {
  it.each(['thread', 'process'] as const)(
    'is the module of all functions that are imported statically, in a %s',
    async kind => {
      const outDir = await bundle('single', { splitting: false })
      expect(await readdir(outDir)).toEqual(['main.mjs'])
      expect(await run(outDir, kind)).toEqual([...FOUND, 'run 1', LAZY, LAZY])
    },
  )

  it('that is minified needs the names in the options, and says so', async () => {
    const outDir = await bundle('minified', { splitting: false, minify: true })
    const anonymous = expect.stringMatching(/^TypeError: an anonymous function can't be found in main.mjs: name it/)
    expect(await run(outDir, 'thread')).toEqual([...FOUND, anonymous, LAZY, anonymous])
  })

  it('that keeps names as they were runs no function in place of another of the same name', async () => {
    const outDir = await bundle('kept', { splitting: false, minify: true, keepNames: true })
    const two = expect.stringMatching(/^TypeError: two functions go by the name 'run' in main.mjs/)
    expect(await run(outDir, 'thread')).toEqual([...FOUND, 'run 1', LAZY, two])
  })
})

describe('a bundle in several files', () => {
  it.each(['thread', 'process'] as const)('has a module for each of them, in a %s', async kind => {
    const outDir = await bundle('split', { splitting: true })
    expect((await readdir(outDir)).length).toBeGreaterThan(1)
    expect(await run(outDir, kind)).toEqual([...FOUND, 'run 1', 'HELLO', 'run another 2'])
  })
})
