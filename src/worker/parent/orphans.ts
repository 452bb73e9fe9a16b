import type { ChildProcess, SpawnOptions } from 'node:child_process'
import type { Socket } from 'node:net'
import { bare } from '../../base/options.ts'
import { getBuiltinModule } from '../node.ts'

/**
 * Keeps its arguments, then the last line it reads, and acts on it when the pipe ends, which is when this process does. A
 * worker hears of that too, and gets a second to run its exit handlers.
 */
const SCRIPT = `last=$*
while read -r groups; do last=$groups; done
[ -z "$last" ] || { kill -s CONT -- $last; sleep 1; kill -s KILL -- $last; }`

const groups = new Set<number>()
let shell: ChildProcess | undefined

/**
 * Has the process group of a worker ended once this process is gone, even by SIGKILL: a function in a hot loop would
 * never hear of it, nor would a worker that is frozen (SIGSTOP), which is resumed first. A process of its own sees to
 * that, a small shell for all workers, as nothing runs of a killed process, and a thread in each worker would take longer
 * to start than all the rest of it.
 *
 * Returns whether there is a shell; where there is none the worker has to watch for itself.
 */
export function endOnceOrphaned(leader: number): boolean {
  if (process.platform === 'win32') return false
  groups.add(leader)
  tell()
  return shell?.pid !== undefined
}

/** The worker is gone, and its number may become that of another. */
export function forgetWorker(leader: number): void {
  if (groups.delete(leader)) tell()
}

function tell(): void {
  const line = [...groups].map(leader => String(-leader))
  if (shell === undefined) shell = startShell(line)
  else shell.stdin?.write(`${line.join(' ')}\n`)
}

/** It knows the groups from its first moment on: this process may be killed before it could write. */
function startShell(first: readonly string[]): ChildProcess {
  // In a session of its own, what ends this process (Ctrl-C, a terminal that closes) does not reach it.
  const started = getBuiltinModule('node:child_process').spawn(
    '/bin/sh',
    ['-c', SCRIPT, 'taskscope', ...first],
    bare<SpawnOptions>({ cwd: '/', env: bare({}), detached: true, stdio: ['pipe', 'ignore', 'ignore'] }),
  )
  started.on('exit', (_, signal) => {
    if (shell !== started) return
    shell = undefined
    // A signal has ended it, and workers may be there that count on it.
    if (signal !== null && groups.size > 0) tell()
  })
  started.on('error', () => {})
  const pipe = started.stdin as Socket | null
  pipe?.on('error', () => {})
  // Bun's has none.
  pipe?.unref?.()
  started.unref()
  return started
}
