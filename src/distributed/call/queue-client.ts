import { now, timeOfDay } from '../../base/clock.ts'
import type { ConnectionReport } from '../../connection/connection-report.ts'
import { isTransient, refusalOf } from '../../connection/errors.ts'
import { AGAIN, Persistence, pause } from '../../connection/persistence.ts'
import type { ItemSink } from '../../streams/credits.ts'
import type { QueueCounts } from '../../worker/engine/engine.ts'
import type { EventListeners } from '../bullmq/workarounds/event-listeners.ts'
import { encodeThrown } from '../protocol/protocol.ts'
import { noResult, parsed, resultIn } from '../protocol/received.ts'
import { CallAnswers } from './call-answers.ts'
import { CallItems } from './call-items.ts'
import { CallWatchdog, WorkerHeartbeats } from './call-watchdog.ts'
import { Lifetime } from './lifetime.ts'
import { type OpenQueue, openQueue, type QueueOptions } from './open-queue.ts'
import { OutstandingCalls } from './outstanding-calls.ts'
import { Priorities } from './priorities.ts'
import { type CallRequest, type JobEnd, QueuedCall } from './queued-call.ts'

/** Milliseconds for the items that a stream that is stopped has made before. */
const LAST_ITEMS = 2_000

/** The calls of this process in one queue: adds their jobs, hears what becomes of them, and has them stopped. */
export class QueueClient {
  readonly presence = new WorkerHeartbeats()
  readonly #priorities = new Priorities()
  readonly #options: QueueOptions
  readonly #id = crypto.randomUUID().slice(0, 13)
  readonly #outstanding = new OutstandingCalls()
  readonly #answers: CallAnswers
  readonly #watchdog: CallWatchdog
  readonly #report: ConnectionReport
  readonly #lifetime = new Lifetime(() => this.#open())
  readonly #tries = new Persistence(
    () => this.#lifetime.current !== undefined,
    error => this.#heardTrouble(error),
  )
  #lastJob = 0
  #calls = 0
  readonly #listeners: EventListeners = {
    active: ({ jobId = '' }) => this.#outstanding.each(jobId, call => call.start()),
    waiting: ({ jobId = '', prev }) => prev === 'active' && this.#outstanding.each(jobId, call => call.returned()),
    delayed: ({ jobId = '' }) => this.#outstanding.each(jobId, call => call.returned()),
    progress: ({ jobId = '', data = '' }) => this.#outstanding.each(jobId, call => call.progress(parsed(data))),
    completed: ({ jobId = '', returnvalue }) => {
      const result = resultIn(returnvalue)
      if (result === undefined) void this.#ask(jobId)
      else this.#ended(jobId, { result })
    },
    failed: ({ jobId = '', failedReason = '' }) => this.#ended(jobId, { failedReason }),
    removed: ({ jobId = '' }) => this.#ended(jobId, { removed: true }),
    worker: ({ id = '', slots }) => this.presence.heard(id, Number(slots)),
    priorities: () => this.#priorities.heard(),
    stream: ({ jobId = '', run = '' }) => this.#outstanding.each(jobId, call => call.items?.began(run)),
    items: ({ jobId = '', run = '' }) => this.#outstanding.each(jobId, call => call.items?.came(run)),
    ask: ({ jobId = '', request = '', what = '' }) => void this.#answers.answer(jobId, request, what),
  }

  constructor(options: QueueOptions, report: ConnectionReport) {
    this.#options = options
    this.#report = report
    this.#watchdog = new CallWatchdog({
      outstanding: this.#outstanding,
      presence: this.presence,
      priorities: this.#priorities,
      report,
      open: () => this.#lifetime.current,
      check: (open, call) => this.#check(open, call),
      failed: error => this.#heardTrouble(error),
    })
    const publish = async (event: string, fields: Readonly<Record<string, string>>) => {
      const open = await this.#lifetime.current
      // Closed, as no call is left: nobody would close what is opened now.
      await open?.server.publish(open.control, event, fields)
    }
    // A function waits for its answer for as long as it takes.
    const persistent: typeof publish = (...answer) => this.#tries.persist(() => publish(...answer))
    this.#answers = new CallAnswers(persistent, jobId => this.#outstanding.of(jobId))
  }

  /** Runs one call; settles when it has stopped. Rejects with `ConnectionError` when there is no server for it. */
  async call(request: CallRequest): Promise<unknown> {
    this.#calls += 1
    this.#lifetime.keep()
    const call = new QueuedCall(request, now())
    if (request.sink !== undefined) call.items = this.#itemsOf(call, request.sink)
    const stop = () => void this.#stop(call)
    try {
      request.signal.throwIfAborted()
      request.signal.addEventListener('abort', stop, { once: true })
      this.#inBackground(call, this.#begin(call))
      if (call.items !== undefined) await this.#allOf(call, call.items)
      return await call.result
    } finally {
      call.items?.close()
      request.signal.removeEventListener('abort', stop)
      this.#outstanding.forget(call)
      this.#calls -= 1
      if (this.#calls === 0) this.#lifetime.linger()
    }
  }

  #itemsOf(call: QueuedCall, sink: ItemSink): CallItems {
    const { queue } = this.#options
    return new CallItems(sink, () => call.jobId, {
      queue,
      maxBytes: call.request.maxBytes,
      items: async () => (await this.#lifetime.opened()).server.items,
      grant: async (run, total) => {
        const { server, control } = await this.#lifetime.opened()
        await server.publish(control, 'credit', { jobId: call.jobId, run, total: String(total) })
      },
      fail: error => {
        call.fail(error)
        this.#tellToStop(call, encodeThrown(error)).catch(trouble => this.#heardTrouble(trouble))
      },
      disturbed: error => this.#heardTrouble(error),
    })
  }

  /** The end of a stream comes after all of its items. Of one that is stopped they are not waited for long. */
  async #allOf({ result, request }: QueuedCall, items: CallItems): Promise<void> {
    await result.catch(() => {})
    if (request.signal.aborted) await Promise.race([items.rest().catch(() => {}), pause(LAST_ITEMS)])
    else await this.#tries.persist(() => items.rest(), request.signal)
  }

  /** Nobody wants to know any more what becomes of these calls. */
  drop(requests: ReadonlySet<CallRequest>): void {
    for (const call of this.#outstanding.all()) if (requests.has(call.request)) call.fail(call.request.signal.reason)
  }

  /** How many jobs there are, while there is a connection. */
  async counts(): Promise<QueueCounts | undefined> {
    const open = await this.#lifetime.current
    return open?.server.countsOf(open.queue)
  }

  /** Closes the connections now, unless calls are left that need them. */
  async close(): Promise<void> {
    if (this.#calls === 0) this.#lifetime.close()
    await this.#lifetime.closed
  }

  /** Not awaited: the server may be away for as long as it likes, and the call be dropped meanwhile. */
  #inBackground(call: QueuedCall, adding: Promise<void>): void {
    call.added = adding.catch(error => this.#notAdded(call, error))
  }

  /** Told to stop while the server was away: whether the job was added, nobody knows until it is back. */
  #notAdded(call: QueuedCall, error: unknown): void {
    if (!call.request.signal.aborted || !isTransient(error)) call.fail(this.#refusal(error))
  }

  #refusal(error: unknown): unknown {
    const { queue, server } = this.#options
    return refusalOf(`the queue ${queue} on ${server.label} could not take the call`, error)
  }

  async #begin(call: QueuedCall): Promise<void> {
    const { cache } = call.request.data
    const { server } = await this.#lifetime.opened()
    const cached =
      cache && (await this.#tries.persist(() => server.cache.get(this.#options.queue, cache[0]), call.request.signal))
    if (call.settled) return
    if (cached === undefined) return await this.#add(call)
    call.start()
    call.end({ result: cached })
  }

  /** Adds the job of a call, as often as it takes: a job that is there already is not added again. */
  async #add(call: QueuedCall): Promise<void> {
    const { request } = call
    this.#lastJob += 1
    this.#listen(call, `${this.#id}-${this.#lastJob}`)
    const job = await this.#tries.persist(() => this.#addJob(call), request.signal)
    if (job !== call.jobId) await this.#join(call, job)
  }

  /** The id of the job that computes the call now: another one if that has the same key. */
  async #addJob(call: QueuedCall): Promise<string> {
    const { request, jobId } = call
    const { notBefore } = request
    const { server, queue, jobs } = await this.#lifetime.opened()
    if (this.#priorities.newTo(request.priority)) await this.#priorities.tell(server, queue)
    const priority = this.#priorities.of(request.priority)
    return await jobs.add(request.fn, request.data, {
      jobId,
      ...server.retention,
      ...(priority !== undefined && { priority }),
      ...(notBefore !== undefined && { delay: Math.max(0, notBefore - timeOfDay()) }),
      ...(request.key !== undefined && { deduplication: { id: request.key } }),
    })
  }

  /** The job of another call computes the result of this one, too. It may run already, or have ended by now. */
  async #join(call: QueuedCall, jobId: string): Promise<void> {
    this.#listen(call, jobId)
    const open = await this.#lifetime.opened()
    await this.#tries.persist(() => this.#check(open, call), call.request.signal)
    const { onJoined } = call.request
    if (onJoined !== undefined) onJoined((await open.queue.getJob(jobId))?.data?.origin)
    if (!call.settled && (await open.queue.getJobState(jobId)) === 'active') call.start()
  }

  #listen(call: QueuedCall, jobId: string): void {
    this.#outstanding.listen(call, jobId)
    this.#watchdog.start()
  }

  #ended(jobId: string, end: JobEnd): void {
    this.#outstanding.each(jobId, call => {
      if (call.settled || call.end(end)) return
      this.#inBackground(call, this.#add(call))
    })
  }

  /** Has the job stopped that computes a call, or just leaves it to the others that want its result. */
  async #stop(call: QueuedCall): Promise<void> {
    const { reason } = call.request.signal
    if (call.jobId === '') return call.fail(reason)
    // A job that is added when it has been removed already would run for nobody.
    await call.added
    if (call.settled) return
    // Not to those that are told to stop, too: each would leave it to the other.
    if (this.#outstanding.of(call.jobId).some(other => !other.request.signal.aborted)) return call.fail(reason)
    const told = encodeThrown(reason)
    // Until it has been heard: a worker may take the job just now, or the one that had it may have died.
    for (let wait = AGAIN; !call.settled; wait = Math.min(wait * 2, 10 * AGAIN)) {
      await this.#tellToStop(call, told).catch(error => this.#heardTrouble(error))
      if (call.settled) return
      await Promise.race([call.result.catch(() => {}), pause(wait)])
    }
  }

  async #tellToStop({ jobId, request }: QueuedCall, reason: string): Promise<void> {
    const { server, queue, control } = await this.#lifetime.opened()
    const [removed] = await Promise.all([
      queue.remove(jobId).catch(() => 0),
      server.publish(control, 'cancel', { jobId, reason }),
    ])
    if (removed !== 1) return
    this.#ended(jobId, { removed: true })
    // A PostgreSQL does not tell the others who wait for it.
    if (request.key !== undefined) await server.publish(queue, 'removed', { jobId })
  }

  async #open(): Promise<OpenQueue> {
    const open = await openQueue(this.#options, this.#priorities, this.#listeners, error => this.#heardTrouble(error))
    const close = () => {
      this.#watchdog.stop()
      return open.close()
    }
    return { ...open, close }
  }

  #heardTrouble(error: unknown): void {
    this.#watchdog.disturb()
    if (this.#calls > 0) this.#report.trouble(error)
  }

  /** What the server knows of the job of a call; what it has forgotten, it is told again. */
  async #check({ server, queue }: OpenQueue, call: QueuedCall): Promise<void> {
    const { jobId } = call
    call.heardAt = now()
    const ending = await server.endOf(queue, jobId)
    if (call.settled || call.jobId !== jobId) return
    if (ending.state === 'completed') this.#returned(jobId, ending.returned)
    else if (ending.state === 'failed') this.#ended(jobId, { failedReason: ending.reason })
    else if (ending.state === 'unknown') await this.#lost(call)
  }

  #returned(jobId: string, value: unknown): void {
    const result = typeof value === 'string' ? resultIn(value) : undefined
    if (result === undefined) this.#outstanding.each(jobId, call => call.fail(noResult(value)))
    else this.#ended(jobId, { result })
  }

  /** An event that makes no sense is no news: what became of the job is what the server keeps of it. */
  async #ask(jobId: string): Promise<void> {
    const [call] = this.#outstanding.of(jobId)
    try {
      const open = await this.#lifetime.current
      if (call !== undefined && open !== undefined) await this.#check(open, call)
    } catch (error) {
      this.#heardTrouble(error)
    }
  }

  async #lost(call: QueuedCall): Promise<void> {
    const { request, jobId } = call
    if (request.signal.aborted) return this.#ended(jobId, { removed: true })
    const job = await this.#addJob(call)
    if (job !== jobId) await Promise.all(this.#outstanding.of(jobId).map(each => this.#join(each, job)))
  }
}
