/** Fails when the core, bundled and minified without its peer, has grown past what a user would want to download. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'tsup'

const LIMIT = 12_000

const outDir = await mkdtemp(join(tmpdir(), 'taskscope-size-'))
try {
  const entry = { index: 'src/index.ts' }
  await build({ entry, outDir, config: false, format: 'esm', target: 'es2023', minify: true, silent: true })
  const files = await readdir(outDir)
  const sizes = await Promise.all(files.map(async file => gzipSync(await readFile(join(outDir, file))).length))
  const size = sizes.reduce((sum, one) => sum + one, 0)
  console.log(`core: ${size} bytes gzipped, of ${LIMIT}`)
  if (size > LIMIT) process.exitCode = 1
} finally {
  await rm(outDir, { recursive: true })
}
