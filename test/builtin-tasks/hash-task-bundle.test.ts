import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { build, type Options } from 'tsup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const HASH_OF_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskscope-hash-'))
  await writeFile(
    join(folder, 'main.ts'),
    `import { HashTask, TaskRunner } from '${resolve('src/index.ts')}'
     const runner = await TaskRunner.start()
     console.log(await runner.submit(new HashTask({ text: 'abc' })))
     console.log(await runner.submit(new HashTask({ file: '/nowhere' })).catch(error => error.code))`,
  )
})
afterAll(() => rm(folder, { recursive: true }))

describe('a HashTask in a bundle', () => {
  it.each<[string, Options]>([
    ['of several files', { splitting: true }],
    ['of one file', { splitting: false }],
    ['that is minified', { splitting: true, minify: true }],
    ['that is minified and keeps names', { splitting: true, minify: true, keepNames: true }],
  ])('%s brings its threads', async (name, options) => {
    const outDir = join(folder, name)
    await build({
      entry: { main: join(folder, 'main.ts') },
      outDir,
      noExternal: ['effection'],
      outExtension: () => ({ js: '.js' }),
      format: 'esm',
      target: 'es2023',
      platform: 'node',
      config: false,
      silent: true,
      removeNodeProtocol: false,
      ...options,
    })
    await writeFile(join(outDir, 'package.json'), '{ "type": "module" }')
    const { stdout } = await promisify(execFile)(process.execPath, [join(outDir, 'main.js')])
    expect(stdout).toBe(`${HASH_OF_ABC}\nENOENT\n`)
  })
})
