import { startBackgroundTimer, startTimer, type Timer } from '../../base/clock.ts'
import { ConnectionReport } from '../../connection/connection-report.ts'
import { refusalOf } from '../../connection/errors.ts'
import { openAnew } from '../../connection/persistence.ts'
import { managerOn, type TaskManager } from '../../manager/task-manager.ts'
import { managerSettings } from '../../scheduler/manager-settings.ts'
import { Supervisor } from '../../scheduler/supervisor.ts'
import type { CloseOptions, CloseReport, ManagerEvents, ManagerStats } from '../../scheduler/types.ts'
import { type Engine, PARTS, type WorkerParts } from '../../worker/engine/engine.ts'
import { makeEngine } from '../../worker/make-engine.ts'
import { BrokerConnection, type Queue, type Worker } from '../bullmq/broker-connection.ts'
import { Control } from './control.ts'
import { type FunctionRegistry, PreparedCalls } from './function-registry.ts'
import { JobProcessor } from './job-processor.ts'
import { JobReturns } from './job-returns.ts'
import type { ServeSettings } from './serve-options.ts'

/** Milliseconds between two attempts to tell a server that was away how a job has ended. */
const AGAIN = 1_000
/** Milliseconds between two removals of old jobs. */
const SWEEP = 30_000
/** Milliseconds that a server may take for the last words of a worker. */
const LAST_WORDS = 5_000

/** Milliseconds until a server that has not answered counts as away. */
const ANSWER_TIME = 1_000

/** Seconds that an idle worker waits for a job until it looks for one. */
const LONGEST_WAIT = 5

/** A worker machine at work. It runs until it is closed, and keeps its process alive. */
export class Service implements AsyncDisposable {
  readonly #settings: ServeSettings
  readonly #supervisor: Supervisor
  readonly #manager: TaskManager
  readonly #engine: Engine
  readonly #book: FunctionRegistry
  readonly #calls: PreparedCalls
  readonly #report: ConnectionReport
  #server!: BrokerConnection
  #queue!: Queue
  #control!: Control
  #returns!: JobReturns
  #jobs!: JobProcessor
  #worker!: Worker
  #closing: Promise<ServiceReport> | undefined
  #sweeping: Timer | undefined
  #ping: Promise<boolean> | undefined

  private constructor(settings: ServeSettings, book: FunctionRegistry) {
    this.#settings = settings
    this.#supervisor = new Supervisor(managerSettings(settings.worker.manager))
    const { scheduler } = this.#supervisor
    this.#manager = managerOn(this.#supervisor)
    this.#engine = makeEngine(settings.worker, scheduler)
    this.#book = book
    this.#calls = new PreparedCalls(book, (fn, name) => this.#engine.prepare(fn, name))
    this.#report = new ConnectionReport(`the queue ${settings.queue} on ${settings.server.label}`, (error, message) =>
      scheduler.report.log(error, message),
    )
    this.#manager.on('progress', ({ record }) => this.#jobs.progressed(record))
  }

  /** @internal */
  static async start(settings: ServeSettings, book: FunctionRegistry): Promise<Service> {
    const { queue, server, connectTimeout } = settings
    const service = new Service(settings, book)
    try {
      await openAnew(server, connectTimeout, left => service.#open(left))
      return service
    } catch (error) {
      await service.#end()
      throw refusalOf(`the queue ${queue} on ${server.label} can't be served`, error)
    }
  }

  /** Leaves nothing open when it fails. */
  async #open(connectTimeout: number): Promise<void> {
    const options = { ...this.#settings, connectTimeout }
    this.#server = await BrokerConnection.open(options.server, options, error => this.#heardTrouble(error))
    try {
      await this.#serve()
    } catch (error) {
      await this.#server.close()
      throw error
    }
  }

  async #serve(): Promise<void> {
    const { queue, maxBytes, lockDuration, maxStalled, worker } = this.#settings
    const slots = worker.manager.maxTasks as number
    this.#queue = this.#server.queue(queue)
    const introduction = { slots, functions: this.#book.names }
    // It may hear of a cancel before jobs can come.
    const cancel = (jobId: string, reason: unknown) => jobs?.stop(jobId, reason) ?? false
    let jobs: JobProcessor | undefined
    this.#control = await Control.start(this.#server, this.#queue, introduction, cancel, (...credit) =>
      jobs?.credit(...credit),
    )
    // A dead worker's job is found by the first look after its lock is over, which may take two intervals, and a frozen
    // worker may be the one that Redis wakes for it: then others see it when they look by themselves.
    // Redis takes whole milliseconds alone.
    const lock = Math.max(2, Math.floor(lockDuration / 2))
    this.#returns = new JobReturns({
      server: this.#server,
      queue: this.#queue,
      functions: this.#control.functions,
      lockDuration: lock,
    })
    jobs = new JobProcessor({
      queue,
      maxBytes,
      supervisor: this.#supervisor,
      calls: this.#calls,
      server: this.#server,
      control: this.#control,
      returns: this.#returns,
      report: this.#report,
    })
    this.#jobs = jobs
    this.#worker = this.#server.worker(queue, (job, token) => this.#jobs.process(job, token), {
      concurrency: slots,
      lockDuration: lock,
      stalledInterval: Math.max(1, Math.floor(lockDuration / 6)),
      drainDelay: Math.min(lockDuration / 6_000, LONGEST_WAIT),
      maxStalledCount: maxStalled,
      runRetryDelay: AGAIN,
    })
    this.#worker.on('lockRenewalFailed', (jobIds: string[]) => {
      for (const jobId of jobIds) this.#jobs.stop(jobId, new Error('another worker has the job now'))
    })
    await this.#worker.waitUntilReady()
    await this.#control.announce()
    void this.#sweep()
  }

  /** Now and again and again; workers that were started together should not do it together. */
  async #sweep(): Promise<void> {
    await this.#server.removeOld(this.#queue).catch(error => this.#heardTrouble(error))
    if (this.#closing !== undefined) return
    this.#sweeping = startBackgroundTimer(SWEEP * (0.75 + Math.random() / 2), () => void this.#sweep())
  }

  #heardTrouble(error: unknown): void {
    this.#report.trouble(error)
  }

  /** @internal */
  [PARTS](): WorkerParts {
    return {
      manager: this.#manager,
      engine: this.#engine,
      mode: this.#settings.worker.mode,
      name: this.name,
      queue: () => ({ name: this.name, counts: () => this.#server.countsOf(this.#queue) }),
    }
  }

  /** The name of its queue. */
  get name(): string {
    return this.#settings.queue
  }

  /** The names of the functions that callers may call, all of each; those that a module passes to `task()` later are missing. */
  get functions(): readonly string[] {
    return this.#book.names
  }

  /**
   * What the module exports and callers may not call: classes, and functions of Node or the language, such as `readFileSync`,
   * that it does not pass to `task()`.
   */
  get leftOut(): readonly string[] {
    return this.#book.leftOut
  }

  /** The counts of this moment. */
  stats(): ManagerStats {
    return this.#manager.stats()
  }

  /**
   * Whether it takes jobs: not once it is closing, and not while its server does not answer within a second. For the checks of
   * its operators, as often as they like: all who ask meanwhile share one question. Never rejects.
   */
  async ready(): Promise<boolean> {
    if (this.#closing !== undefined) return false
    this.#ping ??= this.#server
      .ping()
      .then(() => true)
      .catch(() => false)
      .finally(() => {
        this.#ping = undefined
      })
    const answered = await withTimeout(ANSWER_TIME, this.#ping)
    return answered === true && this.#closing === undefined
  }

  /** Calls `listener` after each such event of a call here: see `TaskManager.on`. */
  on<T extends keyof ManagerEvents>(event: T, listener: (event: ManagerEvents[T]) => void): () => void {
    return this.#manager.on(event, listener)
  }

  /**
   * Takes no new job, lets the running ones end within the timeout, and gives the rest back to the queue for other workers
   * once they have stopped. Never rejects; a second close joins the first.
   */
  close(options?: CloseOptions): Promise<ServiceReport> {
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  async #close(options: CloseOptions | undefined): Promise<ServiceReport> {
    this.#sweeping?.cancel()
    this.#jobs.close()
    // Not awaited: that waits for the jobs that run, and for a server that is away just now. Paused, the worker would still
    // hear of one job, which nobody else is told of then.
    const gone = Promise.allSettled([this.#worker.close(), this.#control.leave()])
    const { done, failed, cancelled, abandoned } = await this.#manager.close(options)
    await withTimeout(LAST_WORDS, gone)
    await this.#end()
    const [stopped, givenBack] = [this.#jobs.interrupted, this.#returns.atClose]
    return Object.freeze({ done, failed, cancelled: cancelled - stopped, givenBack, abandoned })
  }

  async #end(): Promise<void> {
    await this.#manager.close({ timeout: 0 })
    await this.#engine.stop()
    await this.#server?.close()
  }

  /** Closes like `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** How a service ended: the counts of its calls over its whole life. */
export interface ServiceReport extends Omit<CloseReport, 'neverStarted'> {
  /** Stopped for their callers, or because another worker had them: not what this close has stopped. */
  readonly cancelled: number
  /** Went back to the queue for other workers, because this one closed before they had ended. */
  readonly givenBack: number
}

/** Waits for that, or for so many milliseconds. */
async function withTimeout<T>(timeout: number, ended: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>()
  const timer = startTimer(timeout, () => late.resolve(undefined))
  const first = await Promise.race([ended, late.promise])
  timer.cancel()
  return first
}
