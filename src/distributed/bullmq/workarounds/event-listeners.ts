import { setImmediate } from 'node:timers/promises'

/** As the engine's `readEvents` gives them: one stream of entries with flat fields. */
export type EventEntry = readonly [id: string, fields: readonly string[]]
type Entries = [[stream: string, entries: EventEntry[]]] | null | undefined

/** What of the engine's backend this is about. */
export interface EventsBackend {
  readEvents(after: string, wait: number): Promise<Entries>
}

type Fields = Readonly<Record<string, string>>

/** What is to be done at an event, by its name; other events are passed over. */
export type EventListeners = Readonly<Record<string, (fields: Fields) => void>>

/**
 * Has the events that a backend reads go to these listeners alone. The engine's own emitter would tell each of them twice,
 * and is gone for good with the first listener that throws; here `failed` hears of that.
 *
 * Read in BullMQ 6.7.0, `classes/queue-events.js`, line 97: `this.emit(event, restArgs, id);`. Delete when a listener that
 * throws no longer ends `run`, and events can be had without a second `emit` for each job.
 */
export function listenTo(backend: EventsBackend, listeners: EventListeners, failed: (error: unknown) => void): void {
  const read = backend.readEvents.bind(backend)
  let last: string | undefined
  backend.readEvents = async (after, wait) => {
    // One read for all that came meanwhile: every one of them has the server wake this process.
    await setImmediate()
    const result = await read(last ?? after, wait)
    for (const [id, fields] of result?.[0]?.[1] ?? []) {
      last = id
      hand(fields)
    }
    return null
  }

  function hand(flat: readonly string[]): void {
    // The first one counts, and no value is taken for a name.
    const event = flat.find((_, index) => index % 2 === 1 && flat[index - 1] === 'event') ?? ''
    if (!Object.hasOwn(listeners, event)) return
    const fields: Record<string, string> = Object.create(null)
    for (let index = 0; index < flat.length; index += 2) fields[flat[index] as string] = flat[index + 1] as string
    try {
      listeners[event]?.(fields)
    } catch (error) {
      failed(error)
    }
  }
}
