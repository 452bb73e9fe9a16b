/**
 * Fails when what `import { TaskManager }` brings along, bundled and minified without the peer, has grown past what a user
 * would want to download. The whole package is printed as well: what is not imported is left out of a bundle.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'tsup'

const LIMIT = 12_750

const folder = await mkdtemp(join(tmpdir(), 'taskscope-size-'))
try {
  const core = await sizeOf('core', '{ TaskManager }')
  const whole = await sizeOf('whole', '*')
  console.log(`TaskManager: ${core} bytes gzipped, of ${LIMIT}; everything: ${whole}`)
  if (core > LIMIT) process.exitCode = 1
} finally {
  await rm(folder, { recursive: true })
}

async function sizeOf(name: string, names: string): Promise<number> {
  const entry = join(folder, `${name}.ts`)
  await writeFile(entry, `export ${names} from ${JSON.stringify(resolve('src/index.ts'))}`)
  await build({
    entry: { [name]: entry },
    outDir: folder,
    outExtension: () => ({ js: '.mjs' }),
    external: ['effection', 'cli-progress'],
    config: false,
    format: 'esm',
    target: 'es2023',
    minify: true,
    silent: true,
  })
  return gzipSync(await readFile(join(folder, `${name}.mjs`))).length
}
