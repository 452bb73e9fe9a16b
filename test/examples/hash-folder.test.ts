import { type ChildProcess, execFileSync, type StdioOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseArguments } from '../../examples/hash-folder/arguments.ts'
import { hashFile } from '../../examples/hash-folder/hash-file.ts'
import { task } from '../../src/worker/index.ts'
import { runs, untilGone } from '../worker/host/processes.ts'

const PROJECT = resolve(import.meta.dirname, '../..')
const SCRIPT = join(PROJECT, 'examples/hash-folder/main.ts')
/** Sparse, so it takes no room on the disk, and minutes to hash. */
const SLOW = 100 * 2 ** 30
/** Long enough to be caught in the middle, short enough to wait for. */
const SLOWISH = 2 ** 29

/** What a person's shell does not have: what npm and build servers tell the programs they start. */
const NOT_IN_A_SHELL = /^(npm_.*|INIT_CWD|CI|NO_PROGRESS)$/

/** As a shell has it: the rest is set only where a test says so. */
const ENV = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_IN_A_SHELL.test(name)))

let place: string

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'hash-folder-'))
  mkdirSync(join(place, 'folder'))
})

const descriptors: number[] = []

/** Opens a file until the end of the test. */
function opened(path: string, flags: string | number): number {
  const descriptor = openSync(path, flags)
  descriptors.push(descriptor)
  return descriptor
}

afterEach(() => {
  for (const descriptor of descriptors.splice(0)) closeSync(descriptor)
  rmSync(place, { recursive: true })
})

/** Writes files under `folder`: a string is the content, a number the length of a sparse file. */
function write(files: Record<string, string | number>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(place, 'folder', name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, typeof content === 'string' ? content : '')
    if (typeof content === 'number') truncateSync(path, content)
  }
}

/** Runs to the end. */
function run(...args: string[]) {
  const options = { cwd: place, env: ENV, timeout: 15_000, maxBuffer: 2 ** 26 }
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], options)
  return { status, stdout, stderr: stderr.toString() }
}

function shell(command: string, input?: Buffer): Buffer {
  return execFileSync('bash', ['-c', command], { cwd: place, input, stdio: ['pipe', 'pipe', 'pipe'] })
}

/** A pipe with no room left, and a reader who never makes any. */
function fullPipe(): number {
  shell('mkfifo full')
  const pipe = opened(join(place, 'full'), constants.O_RDWR | constants.O_NONBLOCK)
  try {
    for (;;) writeSync(pipe, 'x')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return pipe
    throw error
  }
}

interface RunningOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly stdout?: number | 'pipe'
}

/** A run to interfere with. */
class Running {
  readonly child: ChildProcess
  readonly closed: Promise<unknown[]>
  stdout = ''
  stderr = ''

  constructor(args: readonly string[], { cwd = place, env, stdout = 'pipe' }: RunningOptions = {}) {
    const stdio: StdioOptions = ['ignore', stdout, 'pipe']
    this.child = spawn(process.execPath, [SCRIPT, ...args], { cwd, env: { ...ENV, ...env }, stdio })
    this.closed = once(this.child, 'close')
    this.child.stdout?.on('data', chunk => {
      this.stdout += chunk
    })
    this.child.stderr?.on('data', chunk => {
      this.stderr += chunk
    })
  }

  async until(stream: 'stdout' | 'stderr', text: string): Promise<void> {
    while (!this[stream].includes(text)) {
      const ended = await Promise.race([
        this.child[stream] && once(this.child[stream], 'data').then(() => false),
        this.closed.then(() => !this[stream].includes(text)),
      ])
      if (ended) throw new Error(`ended without ${text} on ${stream}: ${this.stderr}`)
    }
  }

  async exitCode(): Promise<unknown> {
    const [code] = await this.closed
    return code
  }
}

/** The processes that it has started and that still run. */
function childrenOf({ pid }: ChildProcess): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)])
  return stdout.toString().split('\n').filter(Boolean).map(Number)
}

const hasScript = spawnSync('script', ['--version']).status === 0

describe.skipIf(process.platform !== 'linux' || !process.features.typescript)('hash-folder', () => {
  it('prints what sha256sum prints, in the byte-wise order of the paths', () => {
    write({ 'b.txt': 'b', 'a/b': 'ab', 'a.txt': 'a', 'a/c/d': 'acd', Z: 'Z', '.hidden/x': 'x', empty: '', é: 'é' })
    write({ 'back\\slash': '1', 'line\nfeed': '2', 'carriage\rreturn': '3', ' blank ': '4', '-n': '5', '*': '6' })
    shell(`printf 7 > $'folder/no\\xff\\xfeutf8'; printf 8 > $'folder/both\\\\\\n'`)
    const { status, stdout, stderr } = run('folder')
    expect(stdout).toEqual(shell('find folder -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum'))
    expect(shell('sha256sum --check --strict --quiet', stdout).toString()).toBe('')
    expect(status).toBe(0)
    expect(stderr).toMatch(/^summary: 16 files, \d+ bytes, [\d.]+ s, [\d.]+ MB\/s, 0 failures$/m)
  })

  it('prints the same bytes however many files are hashed at a time', () => {
    write(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${i % 7}/${i}`, (i % 5) * 30_000])))
    const { stdout } = run('folder', '--jobs=1')
    expect(stdout.toString().split('\n')).toHaveLength(301)
    expect(run('folder', '--jobs', '16').stdout).toEqual(stdout)
    expect(run('-j3', 'folder').stdout).toEqual(stdout)
  })

  it('joins paths to the folder as it was given', () => {
    write({ x: '' })
    expect(run('folder/').stdout.toString()).toMatch(/ {2}folder\/x\n$/)
    expect(run('./folder').stdout.toString()).toMatch(/ {2}\.\/folder\/x\n$/)
    expect(run(join(place, 'folder')).stdout.toString()).toContain(`  ${place}/folder/x\n`)
  })

  it('takes a folder from where npm was called', async () => {
    write({ x: '' })
    const running = new Running(['folder'], { cwd: PROJECT, env: { npm_lifecycle_event: 'start', INIT_CWD: place } })
    expect(await running.exitCode()).toBe(0)
    expect(running.stdout).toMatch(/ {2}folder\/x\n$/)
  })

  it('pays no attention to an npm that started something else', async () => {
    write({ x: '' })
    const running = new Running(['folder'], { env: { npm_lifecycle_event: 'start', INIT_CWD: PROJECT } })
    expect(await running.exitCode()).toBe(0)
  })

  it('hashes its own project when no folder is given', async () => {
    const running = new Running(['--close-timeout', '0'], { cwd: PROJECT })
    await running.until('stdout', '\n')
    running.child.kill('SIGINT')
    expect(await running.exitCode()).toBe(130)
    expect(running.stdout).toMatch(/^\\?[\da-f]{64} {2}\.\//)
  })

  it('prints a result while later files are still hashed', async () => {
    write({ a: 'a', b: SLOW })
    const running = new Running(['folder'])
    await running.until('stdout', '  folder/a\n')
    running.child.kill('SIGKILL')
    await running.closed
  })

  it('handles an empty folder', () => {
    const { status, stdout, stderr } = run('folder')
    expect({ status, stdout: stdout.toString() }).toEqual({ status: 0, stdout: '' })
    expect(stderr).toContain('summary: 0 files, 0 bytes,')
  })

  it('hashes links to files, does not follow links to folders, and skips what is no file', async () => {
    write({ 'real/file': 'file' })
    symlinkSync('real/file', join(place, 'folder/link'))
    symlinkSync('.', join(place, 'folder/loop'))
    shell('mkfifo folder/pipe; ln -s pipe folder/link-to-pipe')
    const server = createServer().listen(join(place, 'folder/socket'))
    await once(server, 'listening')
    const { status, stdout, stderr } = run('folder')
    server.close()
    expect(stdout).toEqual(shell('sha256sum folder/link folder/real/file'))
    expect(status).toBe(0)
    expect(stderr).toContain(', 0 failures, 4 skipped')
  })

  describe('what cannot be read', () => {
    it('is reported at the end with its reason, and the rest is done', () => {
      write({ a: 'a', 'z\n': 'z' })
      symlinkSync('nowhere', join(place, 'folder/dangling\x1b'))
      symlinkSync('/proc/self/mem', join(place, 'folder/broken'))
      symlinkSync('itself', join(place, 'folder/itself'))
      const { status, stdout, stderr } = run('folder')
      expect(status).toBe(1)
      expect(stdout).toEqual(shell(`sha256sum folder/a $'folder/z\\n'`))
      expect(stderr.split('\n').slice(-5)).toEqual([
        'failed: folder/broken: i/o error (EIO)',
        'failed: folder/dangling\\x1b: no such file or directory (ENOENT)',
        'failed: folder/itself: too many symbolic links encountered (ELOOP)',
        expect.stringMatching(/^summary: 2 files, 2 bytes, .* 3 failures$/),
        '',
      ])
    })

    it('may be a folder', () => {
      write({ a: 'a', z: 'z' })
      const name = 'd'.repeat(250)
      shell(`cd folder; for i in {1..17}; do mkdir ${name}; cd ${name}; done; echo > unreachable`)
      const { status, stdout, stderr } = run('folder')
      expect(status).toBe(1)
      expect(stdout).toEqual(shell('sha256sum folder/a folder/z'))
      expect(stderr).toMatch(
        /^failed: folder\/d.*\/d+: name too long \(ENAMETOOLONG\)\nsummary: 2 files, .* 1 failure$/m,
      )
      shell('rm -r folder; mkdir folder')
    })
  })

  describe('wrong usage', () => {
    it.each([
      ['a missing folder', ['missing'], 'folder "missing": no such file or directory (ENOENT)'],
      ['a file', ['folder/file'], 'folder "folder/file": not a folder'],
      ['an unknown option', ['--fast', 'folder'], "Unknown option '--fast'."],
    ])('is one line and exit code 2: %s', (_, args, message) => {
      write({ file: '' })
      const { status, stdout, stderr } = run(...args)
      expect({ status, stdout: stdout.toString() }).toEqual({ status: 2, stdout: '' })
      expect(stderr).toContain(`hash-folder: ${message}`)
      expect(stderr).toMatch(/^.*\n$/)
    })

    it.each([
      [['folder', 'folder'], 'one folder at a time, got 2'],
      [['--jobs', '0'], '--jobs must be a whole number from 1 to 1024, got "0"'],
      [['--jobs=1025'], '--jobs must be a whole number from 1 to 1024, got "1025"'],
      [['--jobs=x'], '--jobs must be a whole number from 1 to 1024, got "x"'],
      [['--jobs=1.5'], '--jobs must be a whole number from 1 to 1024, got "1.5"'],
      [['--jobs='], '--jobs must be a whole number from 1 to 1024, got ""'],
      [['-j'], "Option '-j, --jobs <value>' argument missing"],
      [['--jobs', '-1'], "Option '--jobs' argument is ambiguous. Did you forget"],
      [['--mode', 'fast'], '--mode must be one of async, thread, process, got "fast"'],
      [['-m', 'sync'], '--mode must be one of async, thread, process, got "sync"'],
      [['--mode='], '--mode must be one of async, thread, process, got ""'],
      [['--mode'], "Option '-m, --mode <value>' argument missing"],
      [['--close-timeout=soon'], '--close-timeout must be a whole number from 0 to 2147483647, got "soon"'],
      [['--help=yes'], "Option '-h, --help' does not take an argument"],
    ])('names what is wrong: %j', (args, message) => {
      expect(() => parseArguments(args)).toThrow(expect.objectContaining({ name: 'UsageError' }))
      expect(() => parseArguments(args)).toThrow(message)
      expect(() => parseArguments(args)).not.toThrow('\n')
    })
  })

  it('explains itself on stdout with --help', () => {
    const { status, stdout, stderr } = run('--help', 'missing')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.toString()).toMatch(/^Usage: npm start -- .*--mode.*--jobs.*--close-timeout.*--help.*Exit codes:/s)
  })

  describe.each(['async', 'thread', 'process'])('--mode %s', mode => {
    it('prints the same bytes', () => {
      write(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`${i % 7}/${i}`, (i % 5) * 200_000])))
      write({ 'back\\slash': '1', 'line\nfeed': '2', é: '3' })
      shell(`printf 7 > $'folder/no\\xff\\xfeutf8'; mkfifo folder/pipe; ln -s 0/0 folder/link`)
      const { status, stdout, stderr } = run('folder', '--mode', mode)
      expect(stdout).toEqual(shell('find folder ! -type d ! -type p -print0 | LC_ALL=C sort -z | xargs -0 sha256sum'))
      expect(status).toBe(0)
      expect(stderr).toMatch(
        /^progress: 205\/205 files, 80\.0 MB, [\d.]+ MB\/s\nsummary: 205 files, 80000004 bytes .* 0 failures, 1 skipped.*\n$/,
      )
    })

    it('reports what cannot be read, with its reason', () => {
      write({ a: 'a' })
      symlinkSync('/proc/self/mem', join(place, 'folder/broken'))
      shell('ln -s /proc/1/mem folder/forbidden')
      const { status, stdout, stderr } = run('folder', '-m', mode)
      expect({ status, stdout: stdout.toString() }).toEqual({
        status: 1,
        stdout: shell('sha256sum folder/a').toString(),
      })
      expect(stderr).toMatch(/^failed: folder\/broken: i\/o error \(EIO\)$/m)
      expect(stderr).toMatch(/^summary: 1 file, .* 2 failures$/m)
    })

    it('leaves out the file it writes to', () => {
      write({ a: 'a', z: 'z' })
      const sums = opened(join(place, 'folder/sums'), 'w')
      const args = [SCRIPT, 'folder', '--mode', mode]
      const child = spawnSync(process.execPath, args, { cwd: place, env: ENV, stdio: ['ignore', sums, 'pipe'] })
      expect(child.status).toBe(0)
      expect(shell('sha256sum --check --strict folder/sums').toString()).toBe('folder/a: OK\nfolder/z: OK\n')
    })

    it('says how many bytes of a large file it has read', async () => {
      write({ slow: SLOW })
      const running = new Running(['folder', '--mode', mode])
      // Megabytes or gigabytes.
      await running.until('stderr', 'B, ')
      running.child.kill('SIGKILL')
      await running.closed
    })

    it('lets running files end after Ctrl-C, and leaves no process behind', async () => {
      write({ a: 'a', b: SLOWISH, c: 'c', d: SLOW, e: 'e' })
      const running = new Running(['folder', '--jobs', '1', '--close-timeout', '15000', '--mode', mode])
      await running.until('stdout', '  folder/a\n')
      const children = childrenOf(running.child)
      running.child.kill('SIGINT')
      expect(await running.exitCode()).toBe(130)
      expect(running.stdout).toMatch(/ {2}folder\/a\n.* {2}folder\/b\n$/)
      expect(running.stderr).toMatch(/^interrupted: 1 running file may take another 15000 ms/m)
      expect(running.stderr).toMatch(/^interrupted: 3 files left\nsummary: 2 files, .* 0 failures\n$/m)
      expect(children.filter(runs)).toEqual([])
    })

    it('ends running files when the close timeout has passed', async () => {
      write({ a: 'a', b: SLOW, c: SLOW, d: 'd' })
      const running = new Running(['folder', '--jobs', '2', '--close-timeout', '100', '--mode', mode])
      await running.until('stdout', '  folder/a\n')
      const children = childrenOf(running.child)
      running.child.kill('SIGINT')
      expect(await running.exitCode()).toBe(130)
      expect(running.stdout).toMatch(/^.* {2}folder\/a\n$/)
      expect(running.stderr).toMatch(/^interrupted: 3 files left\nsummary: 1 file, 1 byte, .* 0 failures\n$/m)
      expect(children.filter(runs)).toEqual([])
    })

    it('exits at once the second time, and its processes with it', async () => {
      write({ a: 'a', b: SLOW })
      const running = new Running(['folder', '--close-timeout', '600000', '--mode', mode])
      await running.until('stdout', '  folder/a\n')
      const children = childrenOf(running.child)
      expect(children.length > 0).toBe(mode === 'process')
      running.child.kill('SIGINT')
      await running.until('stderr', 'interrupted: ')
      running.child.kill('SIGINT')
      expect(await running.exitCode()).toBe(130)
      expect(running.stderr).not.toContain('summary:')
      await Promise.all(children.map(untilGone))
    })
  })

  describe('progress', () => {
    it('is plain lines in a pipe', () => {
      write({ a: 'a', b: 'b', c: 'c' })
      const { stderr } = run('folder')
      expect(stderr).toMatch(/^progress: 3\/3 files, 3 bytes, [\d.]+ MB\/s\nsummary: .*\n$/)
    })

    it.skipIf(!hasScript)('is a bar on a terminal, apart from the results (needs util-linux: script)', () => {
      write({ a: 'a', b: 'b', c: 'c' })
      const command = `${process.execPath} ${SCRIPT} folder`
      const env = { ...ENV, TERM: 'xterm' }
      const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], { cwd: place, env, input: '' })
      const screen = stdout.toString()
      expect(screen).toContain('[========================] 100% 3/3 files, 3 bytes')
      for (const line of shell('sha256sum folder/*').toString().trim().split('\n')) {
        // Each starts a line of the screen: after another, or where the bar was wiped away.
        expect(screen).toMatch(new RegExp(`(\\n|\\x1b\\[2K)${line}\\r\\n`))
      }
      const [wrapOff, wrapOn] = ['\x1b[?7l', '\x1b[?7h'].map(code => screen.lastIndexOf(code))
      expect(wrapOn).toBeGreaterThan(wrapOff ?? -1)
    })

    it.skipIf(!hasScript)('keeps the bar out of the results when only stderr is a terminal (needs script)', () => {
      write({ a: 'a', b: 'b' })
      const command = `${process.execPath} ${SCRIPT} folder > sums`
      const env = { ...ENV, TERM: 'xterm' }
      const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], { cwd: place, env, input: '' })
      expect(stdout.toString()).toContain('] 100% 2/2 files')
      expect(shell('cat sums')).toEqual(shell('sha256sum folder/*'))
    })
  })

  describe('Ctrl-C', () => {
    it('counts once when npm passes it on as well', async () => {
      write({ a: 'a', b: SLOW })
      const env = { npm_lifecycle_event: 'start', INIT_CWD: place }
      const running = new Running(['folder', '--close-timeout', '100'], { cwd: PROJECT, env })
      await running.until('stdout', '  folder/a\n')
      running.child.kill('SIGINT')
      await running.until('stderr', 'interrupted: ')
      running.child.kill('SIGINT')
      expect(await running.exitCode()).toBe(130)
      expect(running.stderr).toContain('interrupted: 1 file left\nsummary:')
    })

    it.each([
      ['with files left', 1_000, /^interrupted: (at least )?[1-9]\d* files left$/m],
      ['with all files hashed', 3, /^interrupted: 0 files left$/m],
    ])('does not wait for a reader that has stopped reading, %s', async (_, count, left) => {
      write(Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}`, ''])))
      const running = new Running(['folder', '--close-timeout', '100'], { stdout: fullPipe() })
      await running.until('stderr', 'progress: ')
      running.child.kill('SIGINT')
      expect(await running.exitCode()).toBe(130)
      expect(running.stderr).toMatch(left)
    })
  })

  describe('a stdout that takes no more', () => {
    it('ends the run quietly when the reader has left', async () => {
      write(Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`${i}`, ''])))
      const running = new Running(['folder'])
      await running.until('stdout', '\n')
      running.child.stdout?.destroy()
      expect(await running.exitCode()).toBe(0)
      expect(running.stderr).not.toMatch(/EPIPE|Error|summary/)
    })

    it('is an error when the disk is full', () => {
      write({ a: 'a', b: 'b' })
      const full = opened('/dev/full', 'w')
      const child = spawnSync(process.execPath, [SCRIPT, 'folder'], {
        cwd: place,
        env: ENV,
        stdio: ['ignore', full, 'pipe'],
      })
      expect(child.status).toBe(1)
      expect(child.stderr.toString()).toBe('hash-folder: cannot write the results: no space left on device (ENOSPC)\n')
    })
  })

  describe('hashFile', () => {
    const hash = task(hashFile)
    const file = (path: string) => ({ path: join(place, path), except: [] })

    it('does not wait for the writer of a pipe that has taken the place of a file', async () => {
      shell('mkfifo pipe')
      expect(await hash(file('pipe'))).toBeUndefined()
    })

    it('stops in the middle', async () => {
      write({ slow: SLOW })
      const handle = hash(file('folder/slow'))
      await new Promise(resolve => hash.on('progress', resolve))
      expect(await handle.cancel()).toBe(true)
      expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: false })
    })

    it('hashes files that claim to be empty', async () => {
      const [expected] = shell('sha256sum /proc/version').toString().split(' ')
      expect(await hash({ path: '/proc/version', except: [] })).toMatchObject({ hash: expected })
    })
  })
})
