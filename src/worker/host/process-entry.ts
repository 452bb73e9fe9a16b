import { deserialize, serialize } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { bare } from '../../options.ts'
import { enterWorker } from '../functions/nesting.ts'
import { announceCrash } from './announce-crash.ts'
import { entryUrl } from './entry-url.ts'
import { signalGroup } from './process-group.ts'
import type { ToWorker } from './protocol.ts'
import { serveCalls, type Uplink } from './serve-calls.ts'

enterWorker()

const uplink: Uplink = {
  kind: 'process',
  post: message => void process.send?.(message, undefined, undefined, () => {}),
  carry: value => deserialize(serialize(value)),
  memory: () => process.memoryUsage.rss(),
}

// A function in a hot loop never hears that the caller's process has died: a thread of its own listens for that.
new Worker(entryUrl('lifeline'), bare({ name: 'taskscope lifeline', execArgv: [] })).unref()

process.on('disconnect', () => {
  // The last of the exit handlers: what the functions have started must not live on.
  process.on('exit', () => signalGroup(process.pid, 'SIGKILL'))
  process.exit()
})
announceCrash(uplink)
const take = serveCalls(uplink)
process.on('message', message => take(message as unknown as ToWorker))
uplink.post(['ready'])
