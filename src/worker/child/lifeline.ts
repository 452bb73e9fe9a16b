/** Milliseconds for the main thread to hear of it by itself and run its exit handlers. */
export const GRACE = 500

/**
 * Runs where there is no shell that would do it (`orphans.ts`), in a thread of its own inside a worker process, and ends
 * that process with all it has started once the caller's process is gone, whatever the main thread does meanwhile. The
 * system closes the other end of the pipe with the process that holds it, even one that is killed.
 *
 * Its source is sent to the thread, so it needs nothing from outside itself. It lies apart from its one user, which imports
 * `process`: bundlers put a name of theirs in the place of what is imported.
 */
export function endWithPipe(fd: number, grace: number): void {
  const { Socket } = process.getBuiltinModule('node:net')
  const pipe = new Socket({ fd, readable: true, writable: false })
  const end = () => process.kill(process.platform === 'win32' ? process.pid : -process.pid, 'SIGKILL')
  pipe.on('error', () => {})
  pipe.on('close', () => setTimeout(end, grace))
  pipe.resume()
}
