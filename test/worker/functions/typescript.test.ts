import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'tsup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SerializationError } from '../../../src/base/errors.ts'
import { failureOf } from '../../work.ts'
import { TestWorker } from './test-worker.ts'

const ENTRY = fileURLToPath(new URL('../../fixtures/worker/entry.ts', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskscope-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function moduleOf(name: string, source: string): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, source)
  return pathToFileURL(file).href
}

/** A worker that is compiled itself, where Node runs no TypeScript. */
async function withoutTypeScript(): Promise<TestWorker> {
  await build({
    entry: { entry: ENTRY },
    outDir: folder,
    format: 'esm',
    platform: 'node',
    config: false,
    silent: true,
    outExtension: () => ({ js: '.mjs' }),
  })
  return new TestWorker('process', pathToFileURL(join(folder, 'entry.mjs')), ['--no-experimental-strip-types'])
}

describe('a module in TypeScript', () => {
  it('is for Node to run, and where that does not, the error says so', async () => {
    const url = await moduleOf('typed.ts', 'export const square = (x: number): number => x * x')
    const worker = await withoutTypeScript()
    try {
      const error = await failureOf(worker.call({ kind: 'module', url, name: 'square' }, 5))
      expect(error).toBeInstanceOf(SerializationError)
      expect(error).toMatchObject({
        message: expect.stringMatching(
          /could not import .*typed\.ts: Node .* does not run TypeScript here: use 22\.18/,
        ),
        cause: { code: 'ERR_UNKNOWN_FILE_EXTENSION' },
      })
    } finally {
      await worker.stop()
    }
  })

  it('with syntax that only a compiler understands fails with what Node says', async () => {
    const url = await moduleOf('enum.ts', 'enum Color { red }\nexport const red = () => Color.red')
    const worker = new TestWorker()
    try {
      expect(await failureOf(worker.call({ kind: 'module', url, name: 'red' }))).toMatchObject({
        message: expect.stringMatching(/could not import .*enum\.ts: .*enum/),
        cause: { code: 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX' },
      })
    } finally {
      await worker.stop()
    }
  })
})
