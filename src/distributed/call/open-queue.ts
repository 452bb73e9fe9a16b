import { openAnew } from '../../connection/persistence.ts'
import type { Server } from '../../connection/target.ts'
import { BrokerConnection, type OpenOptions, type Queue } from '../bullmq/broker-connection.ts'
import type { EventListeners } from '../bullmq/workarounds/event-listeners.ts'
import { controlQueue } from '../protocol/protocol.ts'
import { JobAdder } from './job-adder.ts'
import type { Closing } from './lifetime.ts'
import type { Priorities } from './priorities.ts'

/** Which queue, where. */
export interface QueueOptions extends OpenOptions {
  readonly server: Server
  readonly queue: string
}

/** A queue for callers, while the connections to it are open. */
export interface OpenQueue extends Closing {
  readonly server: BrokerConnection
  readonly queue: Queue
  readonly jobs: JobAdder
  readonly control: Queue
}

/** Connects a caller. Rejects with `ConnectionError`; `disturbed` hears of every trouble later on. */
export function openQueue(
  options: QueueOptions,
  priorities: Priorities,
  listeners: EventListeners,
  disturbed: (error: unknown) => void,
): Promise<OpenQueue> {
  return openAnew(options.server, options.connectTimeout, async connectTimeout => {
    const server = await BrokerConnection.open(options.server, { ...options, connectTimeout }, disturbed)
    try {
      const [queue, control] = [server.queue(options.queue), server.queue(controlQueue(options.queue))]
      server.hear(queue, await server.publish(queue, 'caller'), listeners)
      await priorities.open(server, queue)
      await server.publish(control, 'who')
      return { server, queue, jobs: new JobAdder(queue, server.together), control, close: () => server.close() }
    } catch (error) {
      await server.close()
      throw error
    }
  })
}
