import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Mutation, mutate } from './mutation.ts'

const ROOT = join(import.meta.dirname, '../..')
const COPIED = ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']

/** A mistake can make the code loop for ever, where no test timeout helps. */
const PATIENCE = 120_000

interface Report {
  readonly testResults: readonly {
    readonly status: string
    readonly name: string
    readonly message: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

/** What the tests made of the source: whether they passed, and if not, what failed first. */
export type Verdict =
  | { readonly outcome: 'passed' }
  | { readonly outcome: 'failed'; readonly test: string }
  | { readonly outcome: 'hung' }
  | { readonly outcome: 'broken'; readonly why: string }

/** A copy of the project in which mistakes can be made without harm. */
export class Laboratory {
  readonly #folder: string
  #vitestProcess: ChildProcess | undefined

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async open(): Promise<Laboratory> {
    const folder = await mkdtemp(join(tmpdir(), 'taskscope-mutations-'))
    for (const name of COPIED) await cp(join(ROOT, name), join(folder, name), { recursive: true })
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    return new Laboratory(folder)
  }

  /** Stops what runs and removes the copy, synchronously: it is for the `exit` event of the process. */
  close(): void {
    this.#kill()
    // Workers lead groups of their own, and a mistake may leave one in a hot loop.
    spawnSync('pkill', ['-KILL', '-f', this.#folder])
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Makes the mistake, runs the tests that must notice, and undoes it. */
  async try(mutation: Mutation): Promise<Verdict> {
    const path = join(this.#folder, mutation.file)
    const source = await readFile(path, 'utf8')
    const mutated = mutate(source, mutation)
    if (mutated === undefined)
      return { outcome: 'broken', why: `a text to replace is not in ${mutation.file} exactly once` }
    await writeFile(path, mutated)
    try {
      return await this.test(mutation.tests)
    } finally {
      await writeFile(path, source)
    }
  }

  /** Runs the tests up to the first failure. */
  async test(filters: readonly string[]): Promise<Verdict> {
    const report = join(this.#folder, 'report.json')
    await rm(report, { force: true })
    const ended = await this.#vitest(['run', ...filters, '--bail=1', '--reporter=json', `--outputFile=${report}`])
    if (!ended) return { outcome: 'hung' }
    const text = await readFile(report, 'utf8').catch(() => undefined)
    return text === undefined ? { outcome: 'broken', why: 'vitest wrote no report' } : judge(JSON.parse(text))
  }

  /** Whether it ended by itself. */
  #vitest(args: readonly string[]): Promise<boolean> {
    const vitest = join(this.#folder, 'node_modules/vitest/vitest.mjs')
    // A group of its own: vitest's forks outlive it when it is killed alone.
    const child = spawn(process.execPath, [vitest, ...args], { cwd: this.#folder, stdio: 'ignore', detached: true })
    this.#vitestProcess = child
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#kill()
        resolve(false)
      }, PATIENCE)
      child.once('error', reject)
      child.once('exit', () => {
        this.#vitestProcess = undefined
        clearTimeout(timer)
        resolve(true)
      })
    })
  }

  #kill(): void {
    const group = this.#vitestProcess?.pid
    if (group !== undefined) process.kill(-group, 'SIGKILL')
    this.#vitestProcess = undefined
  }
}

function judge({ testResults }: Report): Verdict {
  const tests = testResults.flatMap(file => file.assertionResults)
  const failed = tests.find(test => test.status === 'failed')
  if (failed !== undefined) return { outcome: 'failed', test: failed.fullName }
  const unloadable = testResults.find(file => file.status === 'failed')
  if (unloadable !== undefined) return { outcome: 'broken', why: unloadable.message.split('\n')[0] ?? unloadable.name }
  if (!tests.some(test => test.status === 'passed')) return { outcome: 'broken', why: 'no test ran' }
  return { outcome: 'passed' }
}
