import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const child = fileURLToPath(new URL('./process-child.ts', import.meta.url))

/**
 * Calls a module's export in a fresh process with `--expose-gc` and returns what it returns: no other case has warmed up
 * or littered that heap. Arguments and result travel as JSON. Rejects when the process fails.
 */
export function callInProcess<T>(module: string, name: string, ...args: readonly unknown[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const execArgv = [...process.execArgv, '--expose-gc']
    const forked = fork(child, [module, name, JSON.stringify(args)], { execArgv })
    forked.once('message', message => resolve(message as T))
    forked.once('error', reject)
    forked.once('exit', (code, signal) => reject(new Error(`${name} of ${module} ended with ${signal ?? code}`)))
  })
}
