import { plainThrown } from '../../serialize/thrown.ts'
import { callContext } from '../current-task.ts'
import { process } from '../node.ts'
import { RemoteCall } from './remote-call.ts'
import type { Uplink } from './serve-calls.ts'

// Functions may replace what others find on `process`.
const on = process.on.bind(process)
const count = process.listenerCount.bind(process)

/**
 * What becomes of errors that nothing in this worker catches. One of a call that runs, which may never end now, ends the
 * worker. One that comes when its call is over must not take the calls of others along: it is told, and that is all.
 *
 * @param idle whether the worker has no call
 */
export function watchUncaught(uplink: Uplink, idle: () => boolean): void {
  on('uncaughtException', error => {
    // A function handles it itself.
    if (count('uncaughtException') > 1) return
    const call = callContext()
    const late = call instanceof RemoteCall ? call.ended : idle()
    if (late) uplink.post(['late', plainThrown(error, uplink.carry)])
    else uplink.crash(error)
  })
}
