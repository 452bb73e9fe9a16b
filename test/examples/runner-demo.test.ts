import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const SCRIPT = resolve(import.meta.dirname, '../../examples/runner-demo/main.ts')
const NODE = ['--disable-warning=ExperimentalWarning', SCRIPT]

function node(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { timeout: 50_000 })
  return { status, stdout: stdout.toString(), stderr: stderr.toString() }
}

function run(...args: string[]) {
  return node(...NODE, ...args)
}

/** What sends a program the signal when it says that it has begun: from outside it could come too late. */
function signalAtOnce(signal: NodeJS.Signals): string {
  const code = `
    const write = process.stderr.write
    process.stderr.write = function (...args) {
      process.kill(process.pid, '${signal}')
      return write.apply(this, args)
    }`
  return `data:text/javascript,${encodeURIComponent(code)}`
}

/** The lines of a table or a list that match. */
function count(text: string, line: RegExp): number {
  return text.split('\n').filter(each => line.test(each)).length
}

describe.skipIf(process.platform === 'win32' || !process.features.typescript)('the demo', () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'taskscope-demo-'))
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  it('prints outcomes in order, the statistics and the records', () => {
    const { status, stdout, stderr } = run()
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: '20 tasks, 5 workers, a queue of 10: this takes about a second\n',
    })
    expect(count(stdout, /^ ?\d+ {2}slept for \d+ ms$/)).toBe(7)
    expect(count(stdout, /^ ?\d+ {2}TaskTimeoutError: /)).toBe(3)
    expect(count(stdout, /^ ?\d+ {2}[0-9a-f]{64}$/)).toBe(10)
    expect(stdout).toContain('submitted 20: 17 done, 3 failed, 0 cancelled; 0 retried, 0 refused\n')
    expect(count(stdout, /^\d+ +(sleep|hash) +(done|failed) +1 +\d+ +./)).toBe(20)
  })

  it('keeps the records, goes on with what was killed, and shows both to the next run', async () => {
    const store = join(folder, 'killed.db')
    const child = spawn(process.execPath, [...NODE, '--store', store])
    await once(child.stderr, 'data')
    child.kill('SIGKILL')
    await once(child, 'close')
    const { status, stdout } = run('--store', store)
    expect(status).toBe(0)
    expect(stdout).toMatch(/^from earlier runs\nid /)
    const records = stdout.slice(stdout.lastIndexOf('\nid '))
    expect(count(records, /^\d+ +(sleep|hash) +(done|failed) /)).toBeGreaterThan(20)
    expect(count(records, /^\d+ +(sleep|hash) +(pending|running) /)).toBe(0)
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stops at once on %s', (signal, exitCode) => {
    const { status, stdout } = node('--import', signalAtOnce(signal), ...NODE)
    expect(status).toBe(exitCode)
    expect(stdout).toMatch(/TaskCancelledError: /)
  })

  it.each([
    [['--store', ''], 2, /^demo: --store must name a file \(--help says more\)\n$/],
    [['--what'], 2, /^demo: Unknown option '--what'.*\(--help says more\)\n$/],
    [['--store', 'FOLDER'], 1, /^demo: [^\n]+\n$/],
    [['--store', 'TEXT'], 1, /^demo: [^\n]+\n$/],
  ])('says in one line what is wrong with %j', (args, exitCode, line) => {
    const text = join(folder, 'text')
    writeFileSync(text, 'no database at all, but long enough to be taken for something '.repeat(20))
    const { status, stderr } = run(...args.map(arg => ({ FOLDER: folder, TEXT: text })[arg] ?? arg))
    expect(status).toBe(exitCode)
    expect(stderr).toMatch(line)
  })
})
