import {
  BaseTask,
  type BaseTaskClass,
  type TaskHandle,
  TaskManager,
  type TaskRecord,
  TaskRunner,
} from '../../src/index.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import { Frontier } from './frontier.ts'
import { type Page, Visitor } from './page.ts'

/** What to crawl, and how. */
export interface CrawlOptions {
  readonly url: URL
  /** The file that remembers how far it is. */
  readonly store: string | undefined
  /** The most requests a second to one host. */
  readonly rate: number
  /** Stops it; what is left stays in the store. */
  readonly signal: AbortSignal
}

/** How many pages are looked at at a time. */
const WORKERS = 32

/** In an object, as a loop would await a handle that it is given. */
interface Found {
  readonly handle: TaskHandle<Page>
}

/** One that failed has no page. */
export type Crawled = { readonly page: Page } | { readonly url: string; readonly error: unknown }

/**
 * Crawls a site. A page is a task of a runner, so that it outlives the process: it ends only once the pages that it leads to
 * are kept as tasks of their own, and then no other run will fetch it again.
 */
export class Crawl {
  readonly #runner: TaskRunner
  readonly #requests: TaskManager
  readonly #watch: TaskManager
  readonly #found: Frontier<Found>
  readonly #signal: AbortSignal
  readonly #durable: boolean
  /** How many pages an earlier run has crawled. */
  readonly before: number

  private constructor(
    runner: TaskRunner,
    requests: TaskManager,
    watch: TaskManager,
    found: Frontier<Found>,
    signal: AbortSignal,
    durable: boolean,
    before: number,
  ) {
    this.#runner = runner
    this.#requests = requests
    this.#watch = watch
    this.#found = found
    this.#signal = signal
    this.#durable = durable
    this.before = before
  }

  /** Goes on where an earlier run with the same store was. Rejects with `StoreError` when that cannot be opened. */
  static async start({ url, store, rate, signal }: CrawlOptions): Promise<Crawl> {
    // The limits of each host are what limits the requests.
    const requests = await TaskManager.start({ name: 'requests', maxTasks: Number.POSITIVE_INFINITY })
    const watch = await TaskManager.start({ name: 'crawl', maxTasks: Number.POSITIVE_INFINITY, onError() {} })
    const visitor = new Visitor(requests, rate)
    const found = new Frontier<Found>()
    const seen = new Set<string>()
    const add = (each: string): Promise<void> | undefined => {
      if (seen.has(each)) return undefined
      seen.add(each)
      const handle = runner.submit(new PageTask(each))
      found.add({ handle })
      const { accepted } = handle
      // One that is stopped before that says so by its handle.
      accepted.catch(() => {})
      return accepted
    }
    const PageTask = pageClass(async each => {
      const { page, links } = await visitor.visit(new URL(each))
      await Promise.all(links.map(add))
      return page
    })
    const runner = await TaskRunner.start({
      name: 'pages',
      workers: WORKERS,
      queueSize: Number.POSITIVE_INFINITY,
      autoStart: false,
      logger: false,
      tasks: [PageTask],
      ...(store !== undefined && { store: sqliteStore(store), retain: { count: Number.POSITIVE_INFINITY } }),
    })
    const records = runner.records({ type: PageTask.type })
    const ended = new Set(records.filter(({ status }) => status === 'done').map(urlOf))
    for (const record of records) {
      seen.add(urlOf(record))
      if (record.status === 'pending') found.add({ handle: runner.manager.get(record.id) as TaskHandle<Page> })
    }
    // What failed in an earlier run may succeed in this one, and what was stopped is still to be done.
    const failed = records.filter(
      record => (record.status === 'failed' || record.status === 'cancelled') && !ended.has(urlOf(record)),
    )
    for (const url of new Set(failed.map(urlOf))) {
      seen.delete(url)
      void add(url)
    }
    void add(url.href)
    return new Crawl(runner, requests, watch, found, signal, store !== undefined, ended.size)
  }

  /** The pages as they end, each of them durable by then. */
  async *pages(): AsyncGenerator<Crawled, void, undefined> {
    const stop = () => void this.#runner.close({ timeout: 0, pending: this.#durable ? 'keep' : 'cancel' })
    this.#signal.addEventListener('abort', stop, { once: true })
    if (this.#signal.aborted) stop()
    const ended = async ({ handle }: Found) => {
      try {
        return await handle
      } finally {
        await this.#runner.flush()
      }
    }
    const results = this.#watch.map(this.#found, ended, {
      ordered: false,
      buffer: Number.POSITIVE_INFINITY,
      onError: 'settle',
      progress: { label: 'crawled' },
    })
    this.#runner.resume()
    void this.#runner.drain().then(
      () => this.#found.end(),
      () => this.#found.end(),
    )
    for await (const result of results) {
      if (result.status === 'fulfilled') yield { page: result.value }
      else if (!this.#signal.aborted) yield { url: String(result.reason), error: result.reason }
    }
  }

  /** What is left is kept. */
  async close(): Promise<void> {
    await this.#runner.close({ timeout: 0, pending: 'cancel' })
    await Promise.all([this.#requests, this.#watch].map(each => each.close({ timeout: 0, pending: 'cancel' })))
  }
}

function urlOf({ payload }: TaskRecord): string {
  return (payload as { readonly url: string }).url
}

type PageClass = BaseTaskClass & { readonly type: string } & (new (url: string) => BaseTask<Page>)

/** The tasks that `visit` pages, for a runner to make again from its store. */
function pageClass(visit: (url: string) => Promise<Page>): PageClass {
  return class PageTask extends BaseTask<Page> {
    static readonly type = 'page'
    readonly type = 'page'
    readonly url: string

    constructor(url: string) {
      super({ name: url })
      this.url = url
    }

    run(): Promise<Page> {
      return visit(this.url)
    }

    toJSON(): { readonly url: string } {
      return { url: this.url }
    }

    static fromJSON({ url }: { readonly url: string }): PageTask {
      return new PageTask(url)
    }
  }
}
