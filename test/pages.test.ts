import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanUp } from './servers/clean-up.ts'
import { redisUrl } from './servers/describe-each-server.ts'

const ROOT = resolve(import.meta.dirname, '..')
/** Every `ts` block of these runs; those of other packages are `ts before`. */
const PAGES = ['README.md', ...globSync('docs/{guide,migrate}/*.md', { cwd: ROOT }).sort()]
/** The source of each entry point, where a user has the package. */
const ENTRIES = {
  taskscope: 'src/index.ts',
  'taskscope/bullmq': 'src/bullmq.ts',
  'taskscope/compat/async-mutex': 'src/compat/async-mutex.ts',
  'taskscope/compat/fastq': 'src/compat/fastq.ts',
  'taskscope/compat/p-limit': 'src/compat/p-limit.ts',
  'taskscope/compat/p-map': 'src/compat/p-map.ts',
  'taskscope/compat/p-queue': 'src/compat/p-queue.ts',
  'taskscope/compat/p-retry': 'src/compat/p-retry.ts',
  'taskscope/compat/tinypool': 'src/compat/tinypool.ts',
  'taskscope/otel': 'src/otel.ts',
  'taskscope/inspector': 'src/inspector.ts',
  'taskscope/sqlite': 'src/sqlite.ts',
  'taskscope/testing': 'src/testing.ts',
  'taskscope/worker': 'src/worker.ts',
} as const
/** What the examples call the server that the tests have found. */
const REDIS = 'redis://127.0.0.1:6379'
const DISPOSES = Number.parseInt(process.versions.node, 10) >= 24

interface Example {
  readonly page: string
  readonly heading: string
  readonly code: string
}

/** Each once, though a page repeats what the README shows. */
function examples(): Example[] {
  const all = PAGES.flatMap(page => {
    const text = readFileSync(join(ROOT, page), 'utf8')
    return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ index, 1: code }) => {
      const headings = [...text.slice(0, index).matchAll(/^#+ (.*)$/gm)]
      return { page, heading: headings.at(-1)?.[1] ?? '', code: code as string }
    })
  })
  return all.filter(({ code }, index) => all.findIndex(each => each.code === code) === index)
}

/** What an example says that it prints: `// → text` behind the line that does. */
function promised(code: string): string {
  return [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => `${text}\n`).join('')
}

function withSources(code: string): string {
  const text = code.replace(REDIS, redisUrl ?? REDIS)
  return Object.entries(ENTRIES).reduce(
    (replaced, [name, path]) => replaced.replaceAll(`from '${name}'`, `from '${pathToFileURL(join(ROOT, path))}'`),
    text,
  )
}

describe.skipIf(!process.features.typescript)('the pages', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'taskscope-readme-'))
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    await symlink(join(ROOT, 'package.json'), join(folder, 'package.json'))
  })

  afterAll(async () => {
    await rm(folder, { recursive: true })
    if (redisUrl !== undefined) await cleanUp({ kind: 'redis', url: redisUrl }, 'squares')
  })

  it.each(
    examples()
      .map((example, index) => ({ ...example, index }))
      .filter(({ code }) => DISPOSES || !code.includes('await using'))
      .filter(({ code }) => redisUrl !== undefined || !code.includes(REDIS)),
  )('keep the promises of $page, "$heading" ($index)', async ({ code, index }) => {
    const path = join(folder, `example-${index}.mjs`)
    // As Node does it: it would load what strips types in each of these processes and their threads.
    await writeFile(path, stripTypeScriptTypes(withSources(code)))
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path], { cwd: folder })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', chunk => {
      stdout += chunk
    })
    child.stderr.on('data', chunk => {
      stderr += chunk
    })
    const [exitCode] = await once(child, 'close')
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: promised(code), stderr: '', exitCode: 0 })
  })
})
