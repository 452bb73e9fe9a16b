import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const GUARD = fileURLToPath(new URL('guard.sh', import.meta.url))
/** The folder has the number of its process before that process can do anything. */
const RUN = 'echo $$ >pid && exec "$@"'

interface Owner {
  readonly uid: number
  readonly gid: number
}

/**
 * The temporary folder of one server. What runs in it is ended, and the folder removed, when it is disposed, and also
 * when this process ends without that, even by SIGKILL.
 */
export class ServerFolder implements AsyncDisposable {
  readonly path: string
  readonly #owner: Owner | undefined
  readonly #guard: ChildProcess

  /**
   * @param user whom the folder and the programs belong to when this process runs as root: PostgreSQL refuses root.
   * @param signal what ends the program.
   */
  constructor(name: string, { user, signal }: { user?: string; signal: NodeJS.Signals }) {
    this.#owner = user !== undefined && process.getuid?.() === 0 ? idsOf(user) : undefined
    this.path = mkdtempSync(join(tmpdir(), `taskscope-${name}-`))
    if (this.#owner) chownSync(this.path, this.#owner.uid, this.#owner.gid)
    this.#guard = spawn('sh', [GUARD, this.path, signal.replace('SIG', '')], {
      cwd: '/',
      // In a group of its own: an interrupt from the terminal must not end the guard with what it guards.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    this.#guard.unref()
    ;(this.#guard.stdin as Socket).unref()
  }

  /** Starts a program in the folder, one at a time. */
  run(file: string, args: readonly string[]): ChildProcess {
    const child = spawn('sh', ['-c', RUN, 'sh', file, ...args], {
      cwd: this.path,
      // What it says is read: it must not depend on who runs the tests.
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...this.#owner,
    })
    child.once('exit', () => rmSync(join(this.path, 'pid'), { force: true }))
    return child
  }

  write(name: string, text: string): void {
    const file = join(this.path, name)
    writeFileSync(file, text, { mode: 0o600 })
    if (this.#owner) chownSync(file, this.#owner.uid, this.#owner.gid)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#guard.exitCode !== null || this.#guard.signalCode !== null) return
    this.#guard.ref()
    this.#guard.stdin?.end()
    await once(this.#guard, 'exit')
  }
}

function idsOf(user: string): Owner {
  const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
