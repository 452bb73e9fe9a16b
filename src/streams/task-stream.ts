import { INSPECT, type Inspection, inspected } from '../base/inspect.ts'
import { finiteCapacity, type Known, knownOptions } from '../base/options.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import { cancelTask, watch } from '../task/cancel.ts'
import type { RetryPolicy } from '../task/retry/retry.ts'
import type { RetryOptions } from '../task/retry/retry-options.ts'
import { refuseWork, SPAWN_OPTIONS, type SpawnSettings, spawnSettings } from '../task/spawn-settings.ts'
import type { Task } from '../task/task.ts'
import type { TaskHandle, TaskRecord, TaskStatus } from '../task/types.ts'
import { Channel } from './channel.ts'
import { pump } from './pump.ts'
import { StreamReader } from './stream-reader.ts'
import type { StreamOptions, StreamWork, TaskStream } from './types.ts'

const { name, type, priority, timeout, deadline, signal, retry, limits, cost, delay, at } = SPAWN_OPTIONS
const OF_SPAWN = { name, type, priority, timeout, deadline, signal, retry, limits, cost, delay, at }
const STREAM_OPTIONS: Known<StreamOptions> = { ...OF_SPAWN, buffer: true }

/** See {@link TaskManager.stream}: checks the call, and spawns the producer. */
export function startStream(
  scheduler: Scheduler,
  work: StreamWork<unknown>,
  options: StreamOptions | undefined,
): TaskStream<unknown> {
  scheduler.refuseIfClosed()
  if (typeof work !== 'function') refuseWork(work)
  const { buffer, ...given } = knownOptions('options', options, STREAM_OPTIONS) ?? {}
  const settings = spawnSettings(given, scheduler.settings.defaults)
  const size = bufferSize(buffer)
  refuseRetryUntil(given.retry)
  scheduler.refuseIfFull(settings)
  return openStream(scheduler, size, settings, (channel, each) =>
    scheduler.spawn(context => {
      const { signal } = context
      return pump(work(context), channel.open(), signal)
    }, each),
  )
}

/** The `buffer` of options, checked and with its default. */
export function bufferSize(buffer: number | undefined): number {
  return buffer === undefined ? 16 : finiteCapacity('buffer', buffer)
}

/** Throws `TypeError` for what judges a result, where there is none. */
export function refuseRetryUntil(retry: unknown): void {
  if ((Object(retry) as RetryOptions).retryUntil === undefined) return
  throw new TypeError(
    'retry.retryUntil judges a result, and a stream has none: throw in the stream what is to be retried',
  )
}

/** Makes a stream whose task `spawn` makes, with the settings that it is given: they have the retries of a stream. */
export function openStream(
  scheduler: Scheduler,
  buffer: number,
  settings: SpawnSettings,
  spawn: (channel: Channel, settings: SpawnSettings) => Task,
): TaskStream<unknown> {
  const channel = new Channel(buffer)
  const retry = settings.retry as RetryPolicy | undefined
  const task = spawn(channel, retry === undefined ? settings : { ...settings, retry: untilRead(retry, channel) })
  return new OpenStream(task, channel, scheduler)
}

/** The policy for as long as no item was read. What lies unread is kept back from when it is asked. */
function untilRead(policy: RetryPolicy, channel: Channel): RetryPolicy {
  const { retryOn = [() => true] } = policy
  return {
    ...policy,
    retryUntil: [],
    retryOn: retryOn.map(accepts => (error, attempt) => channel.hold() && accepts(error, attempt)),
  }
}

class OpenStream implements TaskStream<unknown> {
  readonly #task: Task
  readonly #scheduler: Scheduler
  readonly #reader: StreamReader<unknown>
  #taken = false
  /** The handle was asked for: its failure is theirs who have it. */
  #handed = false

  constructor(task: Task, channel: Channel, scheduler: Scheduler) {
    this.#task = task
    this.#scheduler = scheduler
    this.#reader = new StreamReader(task, channel, () => this.#report())
    watch(task, () => channel.close(), true)
  }

  get id(): number {
    return this.#task.id
  }

  get name(): string {
    return this.#task.name
  }

  get status(): TaskStatus {
    return this.#task.status
  }

  get done(): TaskHandle<void> {
    this.#handed = true
    return this.#task.handle as TaskHandle<unknown> as TaskHandle<void>
  }

  cancel(reason?: unknown): Promise<boolean> {
    return cancelTask(this.#task, reason)
  }

  record(): TaskRecord {
    return this.#task.handle.record()
  }

  [Symbol.asyncIterator](): StreamReader<unknown> {
    if (this.#taken) {
      throw new TypeError(`${this.#task.label} is a stream that has a reader: each of its items comes once`)
    }
    this.#taken = true
    this.#task.observed = true
    return this.#reader
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await cancelTask(this.#task)
  }

  /** @internal */
  [INSPECT](...inspection: Inspection): string {
    const { id, name, status } = this.#task
    return inspected('TaskStream', { id, name, status }, ...inspection)
  }

  /** Its reader has left before it would have heard of the failure. */
  #report(): void {
    const { settings, report } = this.#scheduler
    if (this.#handed || settings.failFast) return
    this.#task.observed = false
    report.failed(this.#task)
  }
}
