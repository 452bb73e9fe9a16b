import { getHeapStatistics } from 'node:v8'
import { type MessagePort, type Transferable, workerData } from 'node:worker_threads'
import { enterWorker } from '../functions/nesting.ts'
import { announceCrash } from './announce-crash.ts'
import { serveCalls, type Uplink } from './serve-calls.ts'

enterWorker()

const port = workerData as MessagePort
const uplink: Uplink = {
  kind: 'thread',
  post: (message, transfer) => port.postMessage(message, transfer as readonly Transferable[]),
  carry: structuredClone,
  memory: () => {
    const { used_heap_size, external_memory } = getHeapStatistics()
    return used_heap_size + external_memory
  },
}

announceCrash(uplink)
port.on('message', serveCalls(uplink))
// Which call it was for can't be told: this worker ends, so that none of them waits for ever.
port.on('messageerror', error => {
  throw error
})
uplink.post(['ready'])
