/**
 * Prints what single imports of the built package cost a user: bundled from `dist` and minified, without the peers. Fails
 * when one of them has grown.
 */
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const project = fileURLToPath(new URL('..', import.meta.url))

/** Bytes, gzipped. */
const LIMITS = [
  { names: '{ TaskManager }', from: 'taskscope', limit: 35_100 },
  { names: '{ Semaphore }', from: 'taskscope', limit: 6_500 },
  { names: '{ callLimit }', from: 'taskscope', limit: 7_400 },
  { names: '{ TaskRunner }', from: 'taskscope', limit: 47_550 },
  { names: '{ task }', from: 'taskscope/worker', limit: 60_550 },
]

const folder = await mkdtemp(join(tmpdir(), 'taskscope-size-'))
try {
  await mkdir(join(folder, 'node_modules'))
  await symlink(project, join(folder, 'node_modules', 'taskscope'))
  for (const { names, from, limit } of LIMITS) {
    const size = await sizeOf(names, from)
    console.log(`import ${names} from '${from}': ${size} bytes gzipped, of ${limit}`)
    if (size > limit) process.exitCode = 1
  }
} finally {
  await rm(folder, { recursive: true })
}

/** What is loaded at once: a part that a dynamic import loads when it is needed is not counted. */
async function sizeOf(names: string, from: string): Promise<number> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export ${names} from '${from}'`, resolveDir: folder, sourcefile: 'entry.js' },
    absWorkingDir: folder,
    outdir: '.',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    external: ['effection', 'bullmq', 'ioredis', 'pg', '@sinonjs/fake-timers'],
    write: false,
    metafile: true,
  })
  const [entry = ''] = Object.keys(metafile.outputs).filter(name => metafile.outputs[name]?.entryPoint === 'entry.js')
  const loaded = new Set([entry])
  for (const name of loaded) {
    for (const { path, kind } of metafile.outputs[name]?.imports ?? [])
      if (kind === 'import-statement') loaded.add(path)
  }
  const files = outputFiles.filter(({ path }) => loaded.has(basename(path)))
  return files.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0)
}
