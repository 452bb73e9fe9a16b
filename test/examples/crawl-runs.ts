import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { Site } from '../../examples/crawl/site.ts'

const SCRIPT = resolve(import.meta.dirname, '../../examples/crawl/main.ts')
const NODE = ['--disable-warning=ExperimentalWarning', SCRIPT]

/** Runs to the end. */
export function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...NODE, ...args], { timeout: 60_000 })
  return { status, stdout: stdout.toString(), stderr: stderr.toString() }
}

/** A run to interfere with. */
export class Running {
  readonly child: ChildProcess
  readonly closed: Promise<unknown[]>
  stdout = ''
  stderr = ''

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [...NODE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.closed = once(this.child, 'close')
    this.child.stdout?.on('data', chunk => {
      this.stdout += chunk
    })
    this.child.stderr?.on('data', chunk => {
      this.stderr += chunk
    })
  }

  /** Resolves when so many pages are printed, or the run has ended. */
  async printed(pages: number): Promise<void> {
    while (crawled(this.stdout).length < pages && this.child.exitCode === null) {
      await Promise.race([this.child.stdout && once(this.child.stdout, 'data'), this.closed])
    }
  }
}

/** The paths of the pages in whole lines. */
export function crawled(stdout: string): string[] {
  const lines = stdout.slice(0, stdout.lastIndexOf('\n') + 1).split('\n')
  return lines.filter(line => line !== '').map(line => new URL(line.split('\t').at(-1) as string).pathname)
}

/** A site until the end of the test. */
export async function openSite(pages: number): Promise<Site> {
  const site = await Site.start(pages)
  onTestFinished(() => site.close())
  return site
}

/** The name of a store that is gone at the end of the test. */
export function newStore(): string {
  const folder = mkdtempSync(join(tmpdir(), 'crawl-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'crawl.db')
}
