import process from 'node:process'
import { plainThrown } from '../../serialise/thrown.ts'
import type { Uplink } from './serve-calls.ts'

/** Tells the caller's side which error ends this worker, before it does; what is done about the error stays as it is. */
export function announceCrash(uplink: Uplink): void {
  process.on('uncaughtExceptionMonitor', error => {
    // Somebody handles it: the worker goes on.
    if (process.listenerCount('uncaughtException') > 0) return
    uplink.post(['uncaught', plainThrown(error, uplink.carry)])
  })
}
