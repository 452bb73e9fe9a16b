import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { bare } from '../../options.ts'

/** Keeps the last line it reads, and acts on it when the pipe ends, which is when this process does. */
const SCRIPT = 'while read -r groups; do last=$groups; done; [ -z "$last" ] || kill -s CONT -- $last'

const groups = new Set<number>()
let shell: ChildProcess | undefined

/**
 * Has the process group of a worker resumed once this process is gone, even by SIGKILL: a worker that is frozen then
 * (SIGSTOP) would never hear of it. Resumed it ends by itself. A process of its own sees to that, a small shell, as
 * nothing of a frozen process runs and nothing of a killed one; where there is no shell, nobody does.
 */
export function thawOnceOrphaned(leader: number): void {
  if (process.platform === 'win32') return
  groups.add(leader)
  tell()
}

/** The worker is gone, and its number may become that of another. */
export function forgetFrozen(leader: number): void {
  if (groups.delete(leader)) tell()
}

function tell(): void {
  shell ??= startShell()
  shell.stdin?.write(`${[...groups].map(leader => -leader).join(' ')}\n`)
}

function startShell(): ChildProcess {
  // In a session of its own, what ends this process (Ctrl-C, a terminal that closes) does not reach it.
  const started = spawn(
    '/bin/sh',
    ['-c', SCRIPT, 'taskscope'],
    bare<SpawnOptions>({ cwd: '/', env: bare({}), detached: true, stdio: ['pipe', 'ignore', 'ignore'] }),
  )
  const gone = () => {
    if (shell === started) shell = undefined
  }
  started.on('exit', gone)
  started.on('error', () => {})
  const pipe = started.stdin as Socket | null
  pipe?.on('error', () => {})
  pipe?.unref()
  started.unref()
  return started
}
