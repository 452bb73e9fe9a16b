interface Notification {
  readonly channel: string
  readonly payload?: string
}

interface ListenClient {
  on(event: 'notification', listener: (notification: Notification) => void): unknown
}

/** What of the engine's backend for PostgreSQL this is about; none of it is public. */
export interface WaitingBackend {
  ensureListeningEvents(): Promise<ListenClient>
  fetchEvents(after: string): Promise<unknown[]>
  waitForEvent(timeout: number): Promise<void>
}

const CHANNEL = 'bullmq_events'

/**
 * Has a backend not wait for the news that came while it was looking for some. The engine listens only while it waits: an
 * event that is published between its look and its wait is heard of at the end of that, one in a thousand under load.
 * A version of the engine that works otherwise is left as it is.
 *
 * Read in BullMQ 6.7.0, `postgres/postgres-queue-backend.js`, line 1556: `await this.waitForEvent(blockTimeout);`. Delete
 * when it listens before it looks, in line 1554.
 */
export function keepNotifications(backend: Partial<WaitingBackend>, queue: string): void {
  if (!isWaiting(backend)) return
  const [fetch, wait] = [backend.fetchEvents.bind(backend), backend.waitForEvent.bind(backend)]
  const connected = backend.ensureListeningEvents.bind(backend)
  const heardOn = new WeakSet<ListenClient>()
  let news = false

  backend.fetchEvents = async after => {
    await listen()
    news = false
    return await fetch(after)
  }

  backend.waitForEvent = async timeout => {
    if (!news) await wait(timeout)
  }

  async function listen(): Promise<void> {
    const client = await connected()
    if (heardOn.has(client)) return
    heardOn.add(client)
    client.on('notification', ({ channel, payload }) => {
      if (channel === CHANNEL && payload === queue) news = true
    })
  }
}

function isWaiting(backend: Partial<WaitingBackend>): backend is WaitingBackend {
  const { ensureListeningEvents, fetchEvents, waitForEvent } = backend
  return [ensureListeningEvents, fetchEvents, waitForEvent].every(method => typeof method === 'function')
}
