/**
 * Builds `dist`, in parts that `exports` in package.json chooses from:
 *
 * - `*.js`: a few bundles, side by side with what threads and processes run. Node loads them in a fraction of the time that it takes for some hundred modules.
 * - `modules/`: one module per source file, for the bundlers of users: they leave out every module that is not used.
 * - `web/`: the same for browsers and edge runtimes, without anything of Node.
 * - `*.cjs`: bundles for what can't `require()` modules, as Jest. Node takes `*.js` for `require()`, so that there is one of each class.
 * - `types/`: one declaration per source file, with all doc comments; `types-cjs/`: the same, for CommonJS.
 */
import { execFileSync } from 'node:child_process'
import { chmod, cp, glob, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type OutputAsset, type OutputChunk, type Plugin, type RolldownOptions, rolldown } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))

const entries = {
  bullmq: 'src/bullmq.ts',
  'compat/async-mutex': 'src/compat/async-mutex.ts',
  'compat/fastq': 'src/compat/fastq.ts',
  'compat/p-limit': 'src/compat/p-limit.ts',
  'compat/p-map': 'src/compat/p-map.ts',
  'compat/p-queue': 'src/compat/p-queue.ts',
  'compat/p-retry': 'src/compat/p-retry.ts',
  'compat/tinypool': 'src/compat/tinypool.ts',
  index: 'src/index.ts',
  inspector: 'src/inspector.ts',
  otel: 'src/otel.ts',
  sqlite: 'src/sqlite.ts',
  testing: 'src/testing.ts',
  worker: 'src/worker.ts',
}

/** What threads and processes run: found beside the file that starts them. */
const inside = {
  'process-entry': 'src/worker/child/process-entry.ts',
  'thread-entry': 'src/worker/child/thread-entry.ts',
}

/** What runs in browsers and on edge runtimes, and which files have others in their place there. */
const web = Object.entries(entries).filter(([name]) => /^(?:index|otel|worker|compat\/(?!tinypool).*)$/.test(name))
const OF_WEB = {
  'src/base/platform.ts': 'src/web/platform.ts',
  'src/builtin-tasks/hash-in-thread.ts': 'src/web/hash.ts',
  'src/worker/make-engine.ts': 'src/web/make-engine.ts',
  'src/worker/node.ts': 'src/web/node.ts',
}

/** What `npx taskscope` runs. */
const command = { cli: 'src/cli/main.ts' }

/**
 * What the bundles have in common, each with all that it imports and that is in none before it. Few files, since Node takes
 * up to a millisecond for each, and those of workers without effection, which takes as long as all the rest.
 */
const parts = [
  {
    name: 'base',
    test: /src.(?:base.kept-error|base.operation|serialize.thrown|task.current|task.context.progress|task.run-trace)\.ts$/,
    priority: 3,
  },
  { name: 'inside', test: /src.worker.child.serve-calls\.ts$/, priority: 2 },
  { name: 'preface', test: /src.worker.(?:messages.(?:channel|preface)|child.process-group)\.ts$/, priority: 2 },
  {
    name: 'core',
    test: /src.(?:manager.task-manager|limits.keyed|limits.acquire.line|limits.algorithms.[a-z-]+|task.acceptance|combinators.zip)\.ts$/,
    priority: 1,
  },
  { name: 'runner', test: /src.index\.ts$/, priority: 1 },
  { name: 'workers', test: /src.worker.(?:make-engine|worker-settings)\.ts$/, priority: 0 },
]

/** Those that bundlers read. */
const COMMENTS = { legal: false, jsdoc: false, annotation: true }

/** In declarations that have to do with `await using`, for programs whose `lib` is older. */
const DISPOSABLE = '/// <reference lib="esnext.disposable" />\n'

const input: RolldownOptions = {
  cwd: root,
  platform: 'node',
  external: /^[^./]/,
  treeshake: { moduleSideEffects: false },
  transform: { target: 'es2023' },
  plugins: [inlinePage()],
  // Of a busy machine it would say that a plugin is slow.
  checks: { bundlerTimings: false },
  // What is built is what others run: nothing about it is left to a line that nobody reads.
  onLog(level, { message }) {
    if (level === 'warn') throw new Error(message)
  },
}

await rm(`${root}dist`, { recursive: true, force: true })
await writeBundles()
await writeCommon()
await writeModules('dist/modules', { ...input, input: Object.values(entries) })
await writeEntries()
await writeModules('dist/web', {
  ...input,
  platform: 'neutral',
  input: web.map(([, file]) => file),
  plugins: [replacing(OF_WEB)],
})
await writeTypes()

async function writeBundles(): Promise<void> {
  await using build = await rolldown({ ...input, input: { ...entries, ...inside, ...command } })
  const { output } = await build.write({
    dir: 'dist',
    format: 'esm',
    entryFileNames: ({ name }) => (name in inside ? '[name].mjs' : '[name].js'),
    chunkFileNames: 'shared-[name].js',
    comments: COMMENTS,
    codeSplitting: { groups: parts },
  })
  refuseCoreInside(output)
  await chmod(`${root}dist/cli.js`, 0o755)
}

/** Each worker loads its entry before it can take a call: with the core, that takes twice as long. */
function refuseCoreInside(output: readonly (OutputChunk | OutputAsset)[]): void {
  const chunks = new Map(output.map(file => [file.fileName, file]))
  const loaded = new Set(Object.keys(inside).map(name => `${name}.mjs`))
  for (const name of loaded) {
    const file = chunks.get(name)
    if (file?.type === 'chunk') for (const imported of file.imports) loaded.add(imported)
  }
  if (loaded.has('shared-core.js')) throw new Error(`workers load the core: ${[...loaded].join(', ')}`)
}

async function writeCommon(): Promise<void> {
  await using build = await rolldown({ ...input, input: entries })
  await build.write({
    dir: 'dist',
    format: 'cjs',
    exports: 'named',
    entryFileNames: '[name].cjs',
    chunkFileNames: 'shared-[name].cjs',
    comments: COMMENTS,
  })
}

async function writeModules(dir: string, options: RolldownOptions): Promise<void> {
  await using build = await rolldown(options)
  await build.write({
    dir,
    format: 'esm',
    preserveModules: true,
    preserveModulesRoot: 'src',
    comments: COMMENTS,
  })
}

/** Whole, since bundlers take each along as a single file. */
async function writeEntries(): Promise<void> {
  for (const [name, file] of Object.entries(inside)) {
    await using build = await rolldown({ ...input, input: { [name]: file } })
    await build.write({
      dir: 'dist/modules/worker/child',
      format: 'esm',
      entryFileNames: '[name].mjs',
      codeSplitting: false,
      comments: COMMENTS,
    })
  }
}

/** Has files of ours imported in place of others. */
function replacing(files: Readonly<Record<string, string>>): Plugin {
  return {
    name: 'replace files',
    resolveId(imported, importer) {
      if (importer === undefined || !imported.startsWith('.')) return null
      const path = relative(root, resolve(dirname(importer), imported))
      return path in files ? resolve(root, files[path] as string) : null
    },
  }
}

/** Puts the files of the inspector's page into the module that reads them from beside it. */
function inlinePage(): Plugin {
  const reads = /readFileSync\(new URL\(`page\/\$\{name\}`, import\.meta\.url\), 'utf8'\)/
  return {
    name: 'inline the page',
    async transform(code, id) {
      if (relative(root, id).replaceAll('\\', '/') !== 'src/inspector/page.ts') return null
      const texts: Record<string, string> = {}
      for await (const path of glob(`${root}src/inspector/page/*`)) texts[basename(path)] = await readFile(path, 'utf8')
      if (!reads.test(code)) throw new Error('src/inspector/page.ts reads its files in another way')
      return code.replace(reads, () => `${JSON.stringify(texts)}[name]`)
    },
  }
}

/** TypeScript leaves the endings of imports in declarations as they are in the sources. */
async function writeTypes(): Promise<void> {
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}tsconfig.types.json`])
  for await (const file of glob(`${root}dist/types/**/*.d.ts`)) {
    const text = await readFile(file, 'utf8')
    const lib = /asyncDispose/i.test(text) ? DISPOSABLE : ''
    await writeFile(file, lib + text.replace(/(\bfrom |\bimport\()(['"])(\.[^'"]*)\.ts\2/g, '$1$2$3.js$2'))
  }
  await cp(`${root}dist/types`, `${root}dist/types-cjs`, { recursive: true })
  await writeFile(`${root}dist/types-cjs/package.json`, '{ "type": "commonjs" }\n')
}
