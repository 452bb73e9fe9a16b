import { Socket } from 'node:net'
import { LIFELINE } from '../messages/preface.ts'
import { signalGroup } from './process-group.ts'

/**
 * Runs where there is no shell that would do it (`orphans.ts`), in a thread of its own inside a worker process, and ends
 * that process with all it has started once the caller's process is gone, whatever the main thread does meanwhile. The
 * system closes the other end of the pipe with the process that holds it, even one that is killed.
 */

/** Milliseconds for the main thread to hear of it by itself and run its exit handlers. */
const GRACE = 500

const pipe = new Socket({ fd: LIFELINE, readable: true, writable: false })
pipe.on('error', () => {})
pipe.on('close', () => setTimeout(() => signalGroup(process.pid, 'SIGKILL'), GRACE))
pipe.resume()
