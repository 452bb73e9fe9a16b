/**
 * Sends a signal to all processes of the group that `leader` leads. One that is gone already is no error. Where there are
 * no groups (Windows) it goes to the leader alone.
 */
export function signalGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(process.platform === 'win32' ? leader : -leader, signal)
  } catch {
    // ESRCH: there is nobody left. EPERM: what is left changed its user, and is not ours to end.
  }
}
