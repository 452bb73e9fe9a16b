import { spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runs, untilGone } from '../worker/host/processes.ts'
import {
  childrenOf,
  describeHashFolder,
  ENV,
  opened,
  place,
  Running,
  run,
  SCRIPT,
  SLOW,
  SLOWISH,
  shell,
  useFolders,
  write,
} from './hash-folder-runs.ts'

useFolders()

describeHashFolder.each(['async', 'thread', 'process'])('hash-folder --mode %s', mode => {
  it('prints the same bytes', () => {
    write(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`${i % 7}/${i}`, (i % 5) * 200_000])))
    write({ 'back\\slash': '1', 'line\nfeed': '2', é: '3' })
    shell(`printf 7 > $'folder/no\\xff\\xfeutf8'; mkfifo folder/pipe; ln -s 0/0 folder/link`)
    const { status, stdout, stderr } = run('folder', '--mode', mode)
    expect(stdout).toEqual(shell('find folder ! -type d ! -type p -print0 | LC_ALL=C sort -z | xargs -0 sha256sum'))
    expect(status).toBe(0)
    expect(stderr).toMatch(
      /^(?:progress: .*\n)*progress: 205\/205 files, 80\.0 MB, [\d.]+ MB\/s\nsummary: 205 files, 80000004 bytes .* 0 failures, 1 skipped.*\n$/,
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
    const running = new Running(['folder', '--jobs', '1', '--close-timeout', '600000', '--mode', mode])
    await running.until('stdout', '  folder/a\n')
    const children = childrenOf(running.child)
    running.child.kill('SIGINT')
    expect(await running.exitCode()).toBe(130)
    expect(running.stdout).toMatch(/ {2}folder\/a\n.* {2}folder\/b\n$/)
    expect(running.stderr).toMatch(/^interrupted: 1 running file may take another 600000 ms/m)
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
