import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseArguments } from '../../examples/hash-folder/arguments.ts'
import { hashFile } from '../../examples/hash-folder/hash-file.ts'
import { task } from '../../src/worker.ts'
import {
  describeHashFolder,
  ENV,
  fullPipe,
  opened,
  PROJECT,
  place,
  Running,
  run,
  SCRIPT,
  SLOW,
  shell,
  useFolders,
  write,
} from './hash-folder-runs.ts'

const hasScript = spawnSync('script', ['--version']).status === 0

useFolders()

describeHashFolder('hash-folder', () => {
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
        expect(screen).toMatch(new RegExp(`(\\n|\\x1b\\[2K|\\x1b\\[J)${line}\\r\\n`))
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
      // Two of one kind that wait for their turn are one, and two kinds may arrive in either order: whichever comes second
      // counts as the same key press.
      running.child.kill('SIGINT')
      running.child.kill('SIGTERM')
      expect([130, 143]).toContain(await running.exitCode())
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
      write(Object.fromEntries(Array.from({ length: 6_000 }, (_, i) => [`${i}`, ''])))
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
