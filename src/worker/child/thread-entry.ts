import { MessagePort, parentPort, receiveMessageOnPort, type Transferable } from 'node:worker_threads'
import { plainThrown } from '../../serialize/thrown.ts'
import { enterWorker } from '../functions/nesting.ts'
import { notTooDeep } from '../functions/uncarriable.ts'
import type { Uplink } from '../messages/link.ts'
import { getBuiltinModule, process } from '../node.ts'
import { serveCalls } from './serve-calls.ts'

enterWorker()

// The first message, taken before any function can see it: in `workerData` the port would lie open to all of them.
const port: MessagePort = (await firstMessage(parentPort as MessagePort)) as MessagePort
// Functions may replace what others find on `process` and on prototypes.
const exit = process.exit.bind(process)
const post = port.postMessage.bind(port)
const uplink: Uplink = {
  kind: 'thread',
  post: (message, transfer) => post(message, transfer as readonly Transferable[]),
  carry: value => structuredClone(notTooDeep(value)),
  memory: () => {
    const { used_heap_size, external_memory } = getBuiltinModule('node:v8').getHeapStatistics()
    return used_heap_size + external_memory
  },
  exit: () => exit(0),
  crash(error) {
    post(['uncaught', plainThrown(error, uplink.carry)])
    exit(1)
  },
}

port.on('message', serveCalls(uplink))
// Which call it was for can't be told: this worker ends, so that none of them waits for ever.
port.on('messageerror', error => uplink.crash(error))
uplink.post(['ready'])

/** On Node it is there already. Deno's port of a worker can only be listened to. */
function firstMessage(from: MessagePort): unknown {
  if (from instanceof MessagePort) return receiveMessageOnPort(from)?.message
  return new Promise(resolve => (from as MessagePort).once('message', resolve))
}
