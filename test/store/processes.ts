import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const LIMITS = { timeout: 50_000, killSignal: 'SIGKILL' } as const

export function fixturePath(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}.ts`, import.meta.url))
}

/** The command that runs a fixture, unbuilt, with the Node that runs the tests. */
export function commandOf(fixture: string, ...args: string[]): string[] {
  return [process.execPath, '--disable-warning=ExperimentalWarning', fixturePath(fixture), ...args]
}

/** Runs a command to its end and reads what it printed as JSON. */
export async function outputOf<T>([command = '', ...args]: readonly string[]): Promise<T> {
  const { stdout } = await run(command, args, LIMITS)
  return JSON.parse(stdout)
}

/**
 * A command as it runs when a disk is mounted first, in a namespace of its own: nobody else sees the mount, and it ends
 * with the command.
 */
export function withMount(mount: string, command: readonly string[]): string[] {
  return ['unshare', '--map-root-user', '--mount', 'sh', '-c', `${mount} && exec "$@"`, 'sh', ...command]
}

/** Whether this system lets us mount, which not every container does. */
export function canMount(): boolean {
  try {
    const [command = '', ...args] = withMount('mount -t tmpfs tmpfs /tmp', ['true'])
    execFileSync(command, args, { ...LIMITS, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
