import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseArguments } from '../../examples/hash-distributed/arguments.ts'
import { type ProgramOptions, RunningProgram } from '../running-program.ts'
import { describeEachServer, describeOn } from '../servers/describe-each-server.ts'
import { ownQueue } from '../servers/queues.ts'
import { temporaryFolder } from '../servers/temporary-folder.ts'
import type { TestServer } from '../servers/test-server.ts'
import { endWithTest, runs, untilGone } from '../worker/host/processes.ts'

const PROJECT = resolve(import.meta.dirname, '../..')
const SCRIPT = join(PROJECT, 'examples/hash-distributed/main.ts')
/** Sparse, so it takes no room on the disk, and minutes to hash. */
const SLOW = 100 * 2 ** 30
const NOBODY = 'redis://user:secret@127.0.0.1:1'

let place: string

beforeEach(() => {
  place = temporaryFolder()
  mkdirSync(join(place, 'folder'))
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

function demo(args: readonly string[], options?: ProgramOptions): RunningProgram {
  return new RunningProgram(SCRIPT, args, { cwd: place, ...options })
}

function demoOn({ kind, url }: TestServer, queue: string, ...args: readonly string[]): RunningProgram {
  return demo([`--${kind}`, url, '--queue', queue, 'folder', ...args])
}

function sha256sum(): string {
  const command = 'find folder -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum'
  return execFileSync('bash', ['-c', command], { cwd: place, encoding: 'utf8' })
}

function workersOf({ child }: RunningProgram): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' })
  return stdout.split('\n').filter(Boolean).map(Number).map(endWithTest)
}

/** The numbers of a summary: how many files each worker has hashed. */
function shares({ stderr }: RunningProgram): number[] {
  return [...stderr.matchAll(/^worker \d+ has hashed (\d+) files?, /gm)].map(([, files]) => Number(files))
}

describe.skipIf(process.platform !== 'linux' || !process.features.typescript)('hash-distributed', () => {
  describeEachServer('hashes a folder', server => {
    it('across two workers, as sha256sum does', async () => {
      write(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${i % 7}/${i}`, `${i}`.repeat(i)])))
      write({ 'back\\slash': '1', 'line\nfeed': '2', large: 3_000_000 })
      const running = demoOn(server, ownQueue(server), '--jobs', '2')
      expect(await running.ended).toBe(0)
      expect(running.stdout).toBe(sha256sum())
      expect(running.stderr).toMatch(
        /^progress: 103\/103 files, [\d.]+ MB, [\d.]+ MB\/s\nsummary: 103 files, .* 0 fail/m,
      )
      expect(running.stderr.match(/^worker \d+: serving 1 function of .*, 2 at a time/gm)).toHaveLength(2)
      expect(running.stderr.match(/^worker \d+: stopped: \d+ done, 0 failed, 0 given back$/gm)).toHaveLength(2)
      expect(shares(running).reduce((sum, files) => sum + files, 0)).toBe(103)
    })
  })

  describeOn('redis', 'told to stop', server => {
    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const)('by %s, it stops its files and its workers, and leaves none in the queue', async (signal, exitCode) => {
      write({ a: 'a', b: SLOW, c: SLOW, d: SLOW, e: SLOW })
      const name = ownQueue(server)
      const running = demoOn(server, name, '--jobs', '1')
      await running.until('stdout', '  folder/a\n')
      const workers = workersOf(running)
      expect(workers).toHaveLength(2)
      running.kill(signal)
      expect(await running.ended).toBe(exitCode)
      expect(running.stderr).toMatch(/^interrupted: 4 running files will be stopped, Ctrl-C again exits at once$/m)
      expect(running.stderr).toMatch(/^interrupted: 4 files left\nsummary: 1 file, 1 byte, .* 0 failures$/m)
      expect(workers.filter(runs)).toEqual([])
      const connection = new Redis(server.url)
      const queue = new Queue(name, { connection: connection as never })
      expect(await queue.getJobCountByTypes('wait', 'active', 'prioritized', 'delayed')).toBe(0)
      await queue.close()
      connection.disconnect()
    })

    it('while its workers start, it ends them', async () => {
      write({ a: SLOW })
      const running = demoOn(server, ownQueue(server))
      while (workersOf(running).length === 0) await Promise.race([running.ended, new Promise(setImmediate)])
      const workers = workersOf(running)
      running.kill('SIGINT')
      expect(await running.ended).toBe(130)
      await Promise.all(workers.map(untilGone))
    })
  })

  describeOn('redis', 'when it goes wrong', server => {
    it('says that no worker is left', async () => {
      write({ a: 'a', b: SLOW })
      const running = demoOn(server, ownQueue(server))
      await running.until('stdout', '  folder/a\n')
      for (const worker of workersOf(running)) process.kill(worker, 'SIGKILL')
      expect(await running.ended).toBe(1)
      expect(running.stderr.match(/^worker \d+: ended \(SIGKILL\)$/gm)).toHaveLength(2)
      expect(running.stderr).toMatch(/^hash-distributed: no worker is left\n$/m)
    })

    it('ends quietly when the reader has left', async () => {
      // More lines than a pipe takes that nobody reads.
      write(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`${i}`, ''])))
      const running = demoOn(server, ownQueue(server))
      await running.until('stdout', '\n')
      const workers = workersOf(running)
      running.child.stdout?.destroy()
      expect(await running.ended).toBe(0)
      expect(running.stderr).not.toMatch(/EPIPE|Error|summary/)
      await Promise.all(workers.map(untilGone))
    })

    it('reports what cannot be read', async () => {
      write({ a: 'a' })
      execFileSync('ln', ['-s', '/proc/self/mem', join(place, 'folder/broken')])
      const running = demoOn(server, ownQueue(server))
      expect(await running.ended).toBe(1)
      expect(running.stderr).toMatch(/^failed: folder\/broken: i\/o error \(EIO\)\nsummary: 1 file, .* 1 failure$/m)
    })
  })

  it('says in one line that there is no server, without its password', async () => {
    const running = demo(['--redis', NOBODY, 'folder'])
    expect(await running.ended).toBe(1)
    expect(running.stdout).toBe('')
    expect(running.stderr).toMatch(
      /^hash-distributed: redis:\/\/user:\*\*\*@127.0.0.1:1 could not be reached [^\n]+\n$/,
    )
  })

  it.each([
    [['missing'], 'folder "missing": no such file or directory (ENOENT)'],
    [['folder/file'], 'folder "folder/file": not a folder'],
    [['--fast'], "Unknown option '--fast'"],
  ])('says in one line what is wrong with %j', async (args, message) => {
    write({ file: '' })
    const running = demo(['--redis', NOBODY, ...args])
    expect(await running.ended).toBe(2)
    expect(running.stderr).toMatch(/^hash-distributed: [^\n]+ \(--help says more\)\n$/)
    expect(running.stderr).toContain(message)
  })

  it('takes a folder from where npm was called', async () => {
    const env = { npm_lifecycle_event: 'demo:distributed', INIT_CWD: place }
    const running = demo(['--redis', NOBODY, 'missing'], { cwd: PROJECT, env })
    expect(await running.ended).toBe(2)
    const there = demo(['--redis', NOBODY, 'folder'], { cwd: PROJECT, env })
    expect(await there.ended).toBe(1)
  })

  it('explains itself on stdout with --help', async () => {
    const running = demo(['--help'])
    expect(await running.ended).toBe(0)
    expect(running.stderr).toBe('')
    expect(running.stdout).toMatch(/^Usage: npm run demo:distributed -- .*--redis.*--postgres.*--jobs.*Exit codes:/s)
  })

  it.each([
    [['a', 'b'], 'one folder at a time, got 2'],
    [['--jobs', '0'], '--jobs must be a whole number from 1 to 1024, got "0"'],
    [['--queue', 'a:b'], `--queue must be a name without ':', got "a:b"`],
    [['--queue='], `--queue must be a name without ':', got ""`],
    [['--redis', 'postgres://u:secret@h'], '--redis must be a URL like redis://host:port'],
    [['--redis', NOBODY, '--postgres', 'postgres://h'], '--redis and --postgres: only one of them'],
  ])('names what is wrong with its arguments: %j', (args, message) => {
    expect(() => parseArguments(args, {})).toThrow(expect.objectContaining({ name: 'UsageError' }))
    expect(() => parseArguments(args, {})).toThrow(message)
  })

  it.each([
    [{}, 'redis://127.0.0.1:6379'],
    [{ REDIS_URL: 'redis://elsewhere', DATABASE_URL: 'postgres://h' }, 'redis://elsewhere'],
  ])('takes the Redis of the environment, or the usual one: %j', (env, connection) => {
    expect(parseArguments([], env).connection).toBe(connection)
  })
})
