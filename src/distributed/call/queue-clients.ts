import { ConnectionReport } from '../../connection/connection-report.ts'
import type { DistributedSettings } from '../options.ts'
import { QueueClient } from './queue-client.ts'

interface Shared {
  readonly client: QueueClient
  users: number
}

/** All callers in this process of one queue share its connections: by the server and then by the queue. */
const clients = new Map<unknown, Map<string, Shared>>()

export function clientOf(settings: DistributedSettings, log: (error: unknown, message: string) => void): QueueClient {
  const { server, queue, prefix, connectTimeout } = settings
  const ofServer = clients.get(server.identity) ?? new Map<string, Shared>()
  clients.set(server.identity, ofServer)
  const key = JSON.stringify([queue, prefix, connectTimeout])
  let shared = ofServer.get(key)
  if (shared === undefined) {
    const report = new ConnectionReport(`the queue ${queue} on ${server.label}`, log)
    shared = { client: new QueueClient(settings, report), users: 0 }
    ofServer.set(key, shared)
  }
  shared.users += 1
  return shared.client
}

/** One of its users has no more calls; the last one closes it. */
export async function leaveClient(client: QueueClient): Promise<void> {
  for (const [identity, ofServer] of clients) {
    for (const [key, shared] of ofServer) {
      if (shared.client !== client) continue
      shared.users -= 1
      if (shared.users > 0) return
      ofServer.delete(key)
      if (ofServer.size === 0) clients.delete(identity)
      return client.close()
    }
  }
}
